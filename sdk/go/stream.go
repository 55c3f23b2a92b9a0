package hkp

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/status"

	"github.com/hkp-gateway/hkp-gateway/sdk/go/hkpplugin"
)

// decisionStream is one call of HandleRequests: requests come one after the other, answers go out
// as they are there. On the stream no request can fail by a status; one that fails is answered with
// a message that says neither "continue" nor "respond", which is the plugin's failure and never
// consent.
type decisionStream struct {
	service *Service
	stream  hkpplugin.HKPPlugin_HandleRequestsServer

	// sending: one answer at a time. A request keeps its place until its answer is sent, so a
	// gateway that does not read cannot make the plugin hold more than it has places.
	sending sync.Mutex

	// mutex guards what follows.
	mutex sync.Mutex
	// open are the requests to be answered; who removes one answers it.
	open   map[string]*openRequest
	active int
	ending bool
	ended  chan struct{}

	// next is read by goroutines that have answered a request and wait for another: a new one has to
	// grow its stack first, which costs more than the rest of what is done here.
	next chan *openRequest
	idle atomic.Int64
}

// So many goroutines wait for another request.
const maxIdle = 64

type openRequest struct {
	event  *hkpplugin.HandleRequestEvent
	ctx    context.Context
	cancel context.CancelFunc
}

func newDecisionStream(service *Service, stream hkpplugin.HKPPlugin_HandleRequestsServer) *decisionStream {
	return &decisionStream{
		service: service,
		stream:  stream,
		open:    map[string]*openRequest{},
		ended:   make(chan struct{}),
		next:    make(chan *openRequest),
	}
}

func (d *decisionStream) run() error {
	d.service.streams.add(d)
	defer d.service.streams.remove(d)
	broken := make(chan error, 1)
	go d.receive(broken)
	select {
	case err := <-broken:
		return err
	case <-d.ended:
		return nil
	}
}

func (d *decisionStream) receive(broken chan<- error) {
	for {
		event, err := d.stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			// The gateway sends no more: this side ends when everything is answered.
			d.end()
			return
		case err != nil:
			broken <- err
			return
		case event.GetCancel():
			d.forget(event.GetRequestId())
		default:
			d.begin(event)
		}
	}
}

func (d *decisionStream) begin(event *hkpplugin.HandleRequestEvent) {
	d.mutex.Lock()
	over, full := d.ending && d.active == 0, d.active >= d.service.options.Concurrency+maxWaiting
	d.mutex.Unlock()
	if over {
		return
	}
	if full {
		// Here and not in a goroutine of its own: whoever sends too much has to wait, too.
		d.send(failure(event.GetRequestId(), errBusy))
		return
	}
	request := &openRequest{event: event}
	ctx := withCall(d.stream.Context(), event.GetRequestId(), event.GetTraceparent())
	if until := deadline(event.GetDeadlineMs(), time.Now()); until.IsZero() {
		request.ctx, request.cancel = context.WithCancel(ctx)
	} else {
		request.ctx, request.cancel = context.WithDeadline(ctx, until)
	}
	d.mutex.Lock()
	d.open[event.GetRequestId()] = request
	d.active++
	d.mutex.Unlock()
	select {
	case d.next <- request:
	default:
		go d.work(request)
	}
}

func (d *decisionStream) work(request *openRequest) {
	for request != nil {
		d.decide(request)
		request = d.another()
	}
}

// another is nil at the end of the stream, and when enough others wait.
func (d *decisionStream) another() *openRequest {
	defer d.idle.Add(-1)
	if d.idle.Add(1) > maxIdle {
		return nil
	}
	select {
	case request := <-d.next:
		return request
	case <-d.stream.Context().Done():
		return nil
	}
}

func (d *decisionStream) decide(request *openRequest) {
	defer d.done()
	defer request.cancel()
	release, err := d.service.place(request.ctx)
	if err != nil {
		d.answer(request, failure(request.event.GetRequestId(), err))
		return
	}
	defer release()
	answer, err := d.service.decide(request.ctx, request.event)
	if err != nil {
		answer = failure(request.event.GetRequestId(), err)
	}
	d.answer(request, answer)
}

func failure(id string, err error) *hkpplugin.HandleResponse {
	return &hkpplugin.HandleResponse{RequestId: id, Reason: status.Convert(err).Message()}
}

func (d *decisionStream) forget(id string) {
	d.mutex.Lock()
	request := d.open[id]
	delete(d.open, id)
	d.mutex.Unlock()
	if request != nil {
		request.cancel()
	}
}

func (d *decisionStream) answer(request *openRequest, answer *hkpplugin.HandleResponse) {
	d.mutex.Lock()
	waitedFor := d.open[answer.GetRequestId()] == request
	if waitedFor {
		delete(d.open, answer.GetRequestId())
	}
	d.mutex.Unlock()
	if waitedFor {
		d.send(answer)
	}
}

func (d *decisionStream) send(answer *hkpplugin.HandleResponse) {
	d.sending.Lock()
	defer d.sending.Unlock()
	// An error means that the stream is broken, which the other half finds out, too.
	_ = d.stream.Send(answer)
}

func (d *decisionStream) done() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.active--
	d.endIfIdle()
}

// end ends the stream as soon as nothing is left to be answered. Does not block.
func (d *decisionStream) end() {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.ending = true
	d.endIfIdle()
}

func (d *decisionStream) endIfIdle() {
	if d.ending && d.active == 0 {
		select {
		case <-d.ended:
		default:
			close(d.ended)
		}
	}
}

// streams are those that are open, one for each connection of a gateway.
type streams struct {
	mutex  sync.Mutex
	all    map[*decisionStream]struct{}
	ending bool
}

func (s *streams) add(stream *decisionStream) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.all == nil {
		s.all = map[*decisionStream]struct{}{}
	}
	s.all[stream] = struct{}{}
	if s.ending {
		stream.end()
	}
}

func (s *streams) remove(stream *decisionStream) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	delete(s.all, stream)
}

// end ends all of them: a server cannot stop while one is open.
func (s *streams) end() {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.ending = true
	for stream := range s.all {
		stream.end()
	}
}
