package org.hkpgateway.chain;

import java.util.HashMap;
import java.util.Map;

import org.hkpgateway.plugin.BodyMode;
import org.hkpgateway.plugin.PluginId;
import org.hkpgateway.plugin.RequestBody;
import org.hkpgateway.plugin.RequestEvent;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RequestState}.
 */
class RequestStateTests {

	private static final PluginView HEADS = new PluginView(false, BodyMode.NONE, 0);

	private static final PluginView BODIES = new PluginView(false, BodyMode.FULL, 0);

	@Test
	void viewsThatTakeTurnsAreBuiltOnce() {
		RequestState first = RequestState.of(Requests.post("/pks/add").withBody(Requests.body("key"))).shownTo(HEADS);
		RequestState second = first.shownTo(BODIES);
		assertThat(second.view()).isNotEqualTo(first.view());
		assertThat(second.shownTo(HEADS).view()).isSameAs(first.view());
		assertThat(second.shownTo(HEADS).shownTo(BODIES).view()).isSameAs(second.view());
	}

	@Test
	void ofARequestWithoutBodyWhoWantsBodiesSharesTheViewOfOthers() {
		RequestState first = RequestState.of(Requests.get("/pks/lookup?op=stats")).shownTo(HEADS);
		assertThat(first.shownTo(BODIES).view()).isSameAs(first.view());
		assertThat(first.shownTo(new PluginView(false, BodyMode.PREFIX, 100)).view()).isSameAs(first.view());
		assertThat(first.shownTo(new PluginView(true, BodyMode.NONE, 0)).view()).isSameAs(first.view());
	}

	@Test
	void credentialsAreShownToNobodyElse() {
		RequestEvent request = Requests.get("/");
		request = request.withHead(request.head()
			.withHeaders(request.head().headers().with("Cookie", "a=b").with("Proxy_Authorization", "Basic eDp5")));
		RequestState first = RequestState.of(request).shownTo(HEADS);
		assertThat(first.view().head().headers()).isEqualTo(Requests.get("/").head().headers());
		assertThat(first.shownTo(new PluginView(true, BodyMode.NONE, 0)).view()).isSameAs(request);
	}

	@Test
	void ofAShortBodyWhoWantsAPrefixSharesTheViewOfThoseWhoSeeAll() {
		RequestState first = RequestState.of(Requests.post("/pks/add").withBody(Requests.body("key"))).shownTo(BODIES);
		assertThat(first.shownTo(new PluginView(false, BodyMode.PREFIX, 3)).view()).isSameAs(first.view());
		assertThat(first.shownTo(new PluginView(false, BodyMode.PREFIX, 2)).view().body().bytes().capacity())
			.isEqualTo(2);
	}

	@Test
	void aBodyThatNobodyReadIsTheSameForAll() {
		RequestState first = RequestState.of(Requests.post("/pks/add").withBody(RequestBody.withheld(7)))
			.shownTo(HEADS);
		assertThat(first.shownTo(BODIES).view()).isSameAs(first.view());
	}

	@Test
	void noPluginCanHideThatAnotherHasFailed() {
		Map<String, String> many = new HashMap<>();
		for (int i = 0; i < RequestState.MAX_ANNOTATIONS; i++) {
			many.put("note" + i, "x");
		}
		PluginId chatty = new PluginId("chatty");
		RequestState full = RequestState.of(Requests.get("/")).noting(chatty, many).noting(chatty, Map.of("more", "x"));
		RequestEvent seen = full.failing(new PluginId("limits"), "timeout").event();
		assertThat(seen.annotations()).doesNotContainKey("chatty.more").containsEntry("limits.failed", "timeout");
	}

}
