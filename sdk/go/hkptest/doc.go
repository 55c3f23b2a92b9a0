// Package hkptest tests plugins of package hkp without a gateway, a process or a network: requests
// are made of a method and a target, go through the SDK's own conversions, and what comes out is
// judged as the gateway would.
//
//	plugin := hkptest.Start(t, newHandler, hkptest.Setup{Config: `{"shortest_search": 3}`})
//	result := plugin.Handle(hkptest.NewRequest("GET /pks/lookup?op=index&search=ab"))
//	if result.Status != 429 { … }
//
// Start reading at Start, NewRequest and NewHost.
package hkptest
