package main

import "net/http"

// authHandler answers the subrequests of nginx's auth_request: 204 to go on, 403 to refuse.
func authHandler(rule rule) http.Handler {
	return http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		if rule.allows(request.Header.Get("X-Original-URI")) {
			answer.WriteHeader(http.StatusNoContent)
		} else {
			answer.WriteHeader(http.StatusForbidden)
		}
	})
}
