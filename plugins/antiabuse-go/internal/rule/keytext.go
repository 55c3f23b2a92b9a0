package rule

import (
	"bytes"
	"encoding/hex"

	hkp "github.com/hkp-gateway/hkp-gateway/sdk/go"
)

// look is how much of a body's beginning and end is looked at, however long it is.
const look = 4096

var (
	armorBegin = []byte("-----BEGIN PGP PUBLIC KEY BLOCK-----")
	armorEnd   = []byte("-----END PGP PUBLIC KEY BLOCK-----")
)

const (
	keyField  = "keytext"
	noKeytext = "no keytext"
	noArmor   = "no armored key in keytext"
	noEnd     = "the armor does not end"
)

// keyProblem says what is missing in an upload; empty if nothing is, or nobody can tell. It looks for the
// frame of the armor, not into it. What is not shown is not missed.
func keyProblem(mediaType string, body hkp.Body) string {
	if body.State == hkp.BodyWithheld {
		return ""
	}
	whole := body.State != hkp.BodyPrefix
	if whole && len(body.Bytes) == 0 {
		return "no body"
	}
	switch mediaType {
	case "application/x-www-form-urlencoded":
		return formProblem(body.Bytes, whole)
	case "multipart/form-data":
		return multipartProblem(body.Bytes, whole)
	case "application/pgp", "application/pgp-keys", "application/octet-stream":
		return packetsProblem(body.Bytes, whole)
	}
	return ""
}

// formProblem does as keyservers do: names are decoded, and the first field of the name counts.
func formProblem(body []byte, whole bool) string {
	beginning, enough := beginningOf(body, whole)
	for at := 0; at < len(beginning); {
		end := at + find(beginning[at:], "=&")
		// A name that goes on behind what is looked at is none that can be told.
		known := end < len(beginning) || (whole && len(beginning) == len(body))
		if known && string(decoded(beginning[at:end])) == keyField {
			if end < len(body) && body[end] == '=' {
				end++
			}
			return valueProblem(body[end:], whole)
		}
		at = end + find(beginning[end:], "&") + 1
	}
	return when(enough, noKeytext)
}

func valueProblem(rest []byte, whole bool) string {
	value, _, ended := bytes.Cut(rest, []byte("&"))
	key := decoded(value)
	if !bytes.Contains(key, armorBegin) {
		return when(whole || ended || len(key) >= look, noArmor)
	}
	return when(whole && !bytes.Contains(decoded(endOf(value)), armorEnd), noEnd)
}

// find finds one of some characters; the end if there is none.
func find(text []byte, characters string) int {
	if at := bytes.IndexAny(text, characters); at >= 0 {
		return at
	}
	return len(text)
}

func multipartProblem(body []byte, whole bool) string {
	beginning, enough := beginningOf(body, whole)
	switch {
	case !enough:
		return ""
	case !bytes.Contains(beginning, []byte(`name="keytext"`)) && !bytes.Contains(beginning, []byte("name=keytext")):
		return noKeytext
	case !bytes.Contains(beginning, armorBegin):
		return noArmor
	}
	return when(whole && !bytes.Contains(endOf(body), armorEnd), noEnd)
}

// packetsProblem knows that packets begin with a byte of which the highest bit is set (RFC 9580, 4.2).
func packetsProblem(body []byte, whole bool) string {
	if len(body) == 0 || body[0] >= 0x80 {
		return ""
	}
	beginning, enough := beginningOf(body, whole)
	if !bytes.Contains(beginning, armorBegin) {
		return when(enough, "neither packets nor armor")
	}
	return when(whole && !bytes.Contains(endOf(body), armorEnd), noEnd)
}

// beginningOf tells also whether no more of it is needed.
func beginningOf(body []byte, whole bool) (beginning []byte, enough bool) {
	beginning = body[:min(len(body), look)]
	return beginning, whole || len(beginning) == look
}

func endOf(body []byte) []byte {
	return body[max(0, len(body)-look):]
}

// decoded undoes the encoding of a form, as far as looked at.
func decoded(value []byte) []byte {
	text := make([]byte, 0, min(len(value), look))
	for at := 0; at < len(value) && len(text) < look; at++ {
		letter := value[at]
		switch {
		case letter == '+':
			letter = ' '
		case letter == '%' && at+2 < len(value):
			var code [1]byte
			if _, err := hex.Decode(code[:], value[at+1:at+3]); err == nil {
				letter = code[0]
				at += 2
			}
		}
		text = append(text, letter)
	}
	return text
}

func when(condition bool, problem string) string {
	if condition {
		return problem
	}
	return ""
}
