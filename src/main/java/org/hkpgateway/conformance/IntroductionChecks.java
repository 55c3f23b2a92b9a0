package org.hkpgateway.conformance;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

import org.hkpgateway.grpc.ProbeInfo;
import org.hkpgateway.grpc.ProbeIntroduction;
import org.hkpgateway.grpc.ProbeReply;
import org.hkpgateway.plugin.Capability;
import org.jspecify.annotations.Nullable;

/**
 * Initialize, and who the plugin says that it is.
 */
final class IntroductionChecks {

	private final Trial trial;

	IntroductionChecks(Trial trial) {
		this.trial = trial;
	}

	/** Initializes with the plugin's own configuration. */
	void initialize(Session session) throws SessionException {
		ProbeReply<String> health = session.probe().standardHealth(Limits.HEALTH);
		if (!health.is("UNIMPLEMENTED") && !"SERVING".equals(health.value())) {
			this.trial.fail(Check.HEALTH_STANDARD, "SERVING, or UNIMPLEMENTED",
					health.isOk() ? String.valueOf(health.value()) : health.detail());
		}
		this.trial.pass(Check.HEALTH_STANDARD, health.isOk() ? "SERVING" : "not served");
		try {
			session.initialize();
			this.trial.pass(Check.INITIALIZE, "features: " + session.introduction().features());
		}
		catch (SessionException ex) {
			this.trial.fail(Check.INITIALIZE, "success", String.valueOf(ex.getMessage()));
			throw ex;
		}
		info(session);
		again(session);
	}

	/** The gateway does that only to plugins that run elsewhere: a warning. */
	private void again(Session session) {
		ProbeIntroduction first = session.introduction();
		ProbeReply<ProbeIntroduction> reply = session.initializeAgain();
		ProbeIntroduction second = reply.value();
		if (second == null) {
			this.trial.warn(Check.INITIALIZE_AGAIN, "the answer of the first time", reply.detail());
		}
		else if (!second.success()) {
			this.trial.warn(Check.INITIALIZE_AGAIN, "the answer of the first time", "a refusal: " + second.error());
		}
		else if (!Set.copyOf(first.features()).equals(Set.copyOf(second.features()))) {
			this.trial.warn(Check.INITIALIZE_AGAIN, "the features " + first.features(),
					"the features " + second.features());
		}
		this.trial.pass(Check.INITIALIZE_AGAIN);
	}

	private void info(Session session) {
		ProbeInfo info = session.introduction().info();
		ProbeReply<ProbeInfo> asked = session.probe().info(Limits.ANSWER);
		if (info == null && !asked.isOk()) {
			this.trial.skip(List.of(Check.INFO_NAME, Check.INFO_VERSION, Check.INFO_CAPABILITIES),
					"it says nothing of itself: no info, and GetInfo: " + asked.code());
			return;
		}
		judge(session, info, "Initialize");
		judge(session, asked.value(), "GetInfo");
		this.trial.pass(Check.INFO_NAME);
		this.trial.pass(Check.INFO_VERSION);
		this.trial.pass(Check.INFO_CAPABILITIES);
	}

	private void judge(Session session, @Nullable ProbeInfo info, String method) {
		if (info == null) {
			return;
		}
		String name = session.spec().id().name();
		if (!info.name().equals(name)) {
			this.trial.fail(Check.INFO_NAME, name, "'" + info.name() + "' in the answer to " + method);
		}
		if (!info.version().equals(session.spec().version())) {
			this.trial.fail(Check.INFO_VERSION, session.spec().version(),
					"'" + info.version() + "' in the answer to " + method);
		}
		Set<Capability> unasked = Capability.requestedBy(info.capabilities())
			.stream()
			.filter((capability) -> !session.spec().requested().contains(capability))
			.collect(Collectors.toSet());
		if (!unasked.isEmpty()) {
			this.trial.fail(Check.INFO_CAPABILITIES, "at most those of the manifest",
					unasked + " in the answer to " + method);
		}
	}

}
