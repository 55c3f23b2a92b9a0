package settings

import (
	"fmt"
	"regexp"
	"strconv"
)

var statusText = regexp.MustCompile(`^[45](?:xx|\d\d)$`)

// Statuses is a set of statuses from 400 to 599. The zero value is empty.
type Statuses struct {
	in [200]bool
}

// Statuses reads a list of texts such as "404", "4xx" or "5xx".
func (r *Reader) Statuses(key string, fallback ...string) Statuses {
	var set Statuses
	for i, text := range r.List(key, fallback) {
		if !statusText.MatchString(text) {
			r.Fail(fmt.Sprintf("%s[%d]", key, i), "a status from 400 to 599, 4xx or 5xx", "'"+text+"'")
			return set
		}
		status, err := strconv.Atoi(text)
		if err == nil {
			set.in[status-400] = true
			continue
		}
		first := int(text[0]-'4') * 100
		for i := range 100 {
			set.in[first+i] = true
		}
	}
	return set
}

// Contains tells whether a status is one of the set.
func (s Statuses) Contains(status int) bool {
	return status >= 400 && status < 600 && s.in[status-400]
}
