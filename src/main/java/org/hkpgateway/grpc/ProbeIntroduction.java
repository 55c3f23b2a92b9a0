package org.hkpgateway.grpc;

import java.util.List;

import org.hkpgateway.log.BoundedText;
import org.hkpgateway.proto.InitResponse;
import org.jspecify.annotations.Nullable;

/**
 * A plugin's answer to {@code Initialize}.
 *
 * @param success whether it agrees to run
 * @param error why not, one line
 * @param info who it is; null if the answer does not say
 * @param features as it declares them
 * @param proof what is wrong with its proof of the secret; null if nothing is, or none is
 * due
 */
public record ProbeIntroduction(boolean success, String error, @Nullable ProbeInfo info, List<String> features,
		@Nullable String proof) {

	private static final int MAX_ERROR_BYTES = 4096;

	public ProbeIntroduction {
		features = List.copyOf(features);
	}

	static ProbeIntroduction of(InitResponse answer, @Nullable SharedSecret secret, byte[] nonce) {
		String proof = null;
		if (secret != null && answer.getAuthProof().isEmpty()) {
			proof = "none";
		}
		else if (secret != null && !secret.proves(nonce, answer.getAuthProof().toByteArray())) {
			proof = answer.getAuthProof().size() + " other bytes";
		}
		return new ProbeIntroduction(answer.getSuccess(), BoundedText.oneLine(answer.getError(), MAX_ERROR_BYTES),
				answer.hasInfo() ? ProbeInfo.of(answer.getInfo()) : null, answer.getFeaturesList(), proof);
	}

	/**
	 * Whether it declares a feature.
	 * @param feature for example {@code stream}
	 */
	public boolean has(String feature) {
		return this.features.contains(feature);
	}

}
