package settings

import "strings"

// Glob is a pattern in which * stands for any text, in lower case.
type Glob string

// NewGlob makes a pattern that is compared without regard to case.
func NewGlob(pattern string) Glob {
	return Glob(strings.ToLower(pattern))
}

// Matches compares with the whole of a text in lower case. That takes at most the product of both
// lengths in steps, whatever they are: there is nothing to backtrack into but the last *.
func (g Glob) Matches(lower string) bool {
	at, text, star, resume := 0, 0, -1, 0
	for text < len(lower) {
		switch {
		case at < len(g) && g[at] == '*':
			star, resume = at, text
			at++
		case at < len(g) && g[at] == lower[text]:
			at++
			text++
		case star >= 0:
			resume++
			at, text = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(string(g[at:]), "*") == ""
}
