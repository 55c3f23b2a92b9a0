import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

import org.hkpgateway.sdk.Decision;
import org.hkpgateway.sdk.HkpPlugin;
import org.hkpgateway.sdk.PluginContext;
import org.hkpgateway.sdk.PluginHandler;
import org.hkpgateway.sdk.PluginOptions;
import org.hkpgateway.sdk.Request;
import org.hkpgateway.sdk.host.Host;
import org.hkpgateway.sdk.host.KeyInfo;
import org.hkpgateway.sdk.host.KeyPage;
import org.hkpgateway.sdk.host.KeyQuery;
import org.hkpgateway.sdk.log.PluginLog;

/** Has keys, as the programs in the other languages beside it, and asks for the keys of others. */
public class KeyPlugin implements PluginHandler {

	private static final PluginLog log = PluginLog.get("keys");

	private Host host;

	public static void main(String[] args) {
		HkpPlugin.serve(new KeyPlugin());
	}

	@Override
	public PluginOptions options() {
		return PluginOptions.defaults()
			.capabilities("http.request", "http.respond", "storage.query", "storage.provide", "state")
			.providesKeys();
	}

	@Override
	public void init(PluginContext context) {
		this.host = context.host();
	}

	@Override
	public Decision handle(Request request) {
		throw new IllegalStateException("expected: handleAsync, which needs no thread while it waits");
	}

	@Override
	public CompletionStage<Decision> handleAsync(Request request) {
		log.info("asks for " + request.query().get("search"));
		return this.host.keys()
			.query(KeyQuery.search(request.query().get("search")))
			.thenApply((page) -> Decision.respond(200).text(page.keys().get(0).userIds().get(0)));
	}

	@Override
	public Optional<KeyPage> provideKeys(KeyQuery query) {
		log.info("asked for " + query.term());
		if (query.term().startsWith("traced")) {
			this.host.state().increment("traced", 1, Duration.ofHours(1)).toCompletableFuture().join();
		}
		switch (query.term()) {
			case "declined":
				return Optional.empty();
			case "fails":
				throw new IllegalStateException("fails");
			case "many":
				List<KeyInfo> keys = new ArrayList<>();
				for (int i = query.offset(); i < Math.min(query.offset() + query.limit(), 2500); i++) {
					keys.add(KeyInfo.of("%040X".formatted(i)));
				}
				return Optional.of(new KeyPage(keys, 2500));
			default:
				KeyInfo key = KeyInfo.of("0123456789ABCDEF0123456789ABCDEF01234567",
						"java " + query.type() + " " + query.term() + (query.exact() ? " exactly" : ""));
				return Optional.of(KeyPage.of(List.of(key.withData(new byte[] { (byte) 0x98, 1, 2 }))));
		}
	}

}
