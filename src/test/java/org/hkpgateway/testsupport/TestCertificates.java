package org.hkpgateway.testsupport;

import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.concurrent.atomic.AtomicLong;

import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate authority of the test's own, and servers' certificates of it for
 * {@code localhost}.
 */
public final class TestCertificates {

	/** The other name of servers: dirmngr does not check certificates for localhost. */
	public static final String HOST = "keys.example";

	private static final X500Name AUTHORITY = new X500Name("CN=Test authority");

	private static final AtomicLong serial = new AtomicLong(System.nanoTime());

	private final KeyPair authorityKey = generate();

	private final X509CertificateHolder authority = sign(AUTHORITY, this.authorityKey, true);

	/** The certificate of the authority. */
	public String authority() {
		return pem(this.authority);
	}

	/**
	 * Makes a key and a certificate.
	 * @param name CN of the certificate
	 */
	public Server server(String name) {
		KeyPair key = generate();
		return new Server(pem(sign(new X500Name("CN=" + name), key, false)) + authority(), pem(key));
	}

	/** For clients that trust the authority. */
	public SSLContext client() {
		try {
			KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
			store.load(null, null);
			store.setCertificateEntry("authority", new JcaX509CertificateConverter().getCertificate(this.authority));
			TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			trust.init(store);
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(null, trust.getTrustManagers(), null);
			return context;
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private X509CertificateHolder sign(X500Name subject, KeyPair key, boolean mayIssue) {
		Instant now = Instant.now();
		try {
			JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(AUTHORITY,
					BigInteger.valueOf(serial.incrementAndGet()), Date.from(now.minus(Duration.ofHours(1))),
					Date.from(now.plus(Duration.ofHours(1))), subject, key.getPublic());
			builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(mayIssue));
			if (!mayIssue) {
				builder.addExtension(Extension.subjectAlternativeName, false,
						new GeneralNames(new GeneralName[] { new GeneralName(GeneralName.dNSName, "localhost"),
								new GeneralName(GeneralName.dNSName, HOST),
								new GeneralName(GeneralName.iPAddress, "127.0.0.1") }));
			}
			return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(this.authorityKey.getPrivate()));
		}
		catch (CertIOException | OperatorCreationException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static KeyPair generate() {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
			generator.initialize(new ECGenParameterSpec("secp256r1"));
			return generator.generateKeyPair();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static String pem(Object object) {
		StringWriter text = new StringWriter();
		try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
			writer
				.writeObject((object instanceof KeyPair key) ? new JcaPKCS8Generator(key.getPrivate(), null) : object);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return text.toString();
	}

	/**
	 * A server's.
	 *
	 * @param certificates PEM, the authority's last
	 * @param key PEM
	 */
	public record Server(String certificates, String key) {

		/** Writes {@code server.pem} and {@code server.key}, each at once. */
		public void writeTo(Path directory) {
			write(directory.resolve("server.pem"), this.certificates);
			write(directory.resolve("server.key"), this.key);
		}

		private static void write(Path file, String text) {
			try {
				Path next = Files.writeString(file.resolveSibling(file.getFileName() + ".new"), text);
				Files.move(next, file, java.nio.file.StandardCopyOption.ATOMIC_MOVE);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

	}

}
