//! AutoMTLS: a one-off certificate for this process, and trust in exactly the gateway's.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, KeyPair};
use time::OffsetDateTime;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::client::danger::HandshakeSignatureValid;
use tokio_rustls::rustls::crypto::{
    WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use tokio_rustls::rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error as TlsError, RootCertStore, ServerConfig,
    SignatureScheme,
};
use tokio_rustls::server::TlsStream;
use tokio_stream::wrappers::ReceiverStream;

use crate::log;

const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);

/// Returns what accepts the gateway, and the own certificate for the handshake line. The stock
/// verifier is rustls', which tonic's `ServerTlsConfig` uses too.
pub fn with_gateway(pem: &str, stock_verifier: bool) -> Result<(TlsAcceptor, String), Box<dyn Error>> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes())?;
    let verifier: Arc<dyn ClientCertVerifier> = if stock_verifier {
        let mut roots = RootCertStore::empty();
        roots.add(certificate)?;
        WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone()).build()?
    } else {
        Arc::new(OnlyGateway { certificate, algorithms: provider.signature_verification_algorithms })
    };
    let key = KeyPair::generate()?;
    let mut parameters = CertificateParams::new(["localhost".to_owned()])?;
    parameters.not_before = OffsetDateTime::now_utc() - Duration::from_secs(30);
    parameters.not_after = OffsetDateTime::now_utc() + Duration::from_secs(10 * 365 * 86400);
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = parameters.self_signed(&key)?.der().clone();
    let line = STANDARD_NO_PAD.encode(&certificate);
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok((TlsAcceptor::from(Arc::new(config)), line))
}

/// The connections whose handshake succeeded. One that dawdles delays no other.
pub fn accept(listener: UnixListener, acceptor: TlsAcceptor) -> ReceiverStream<io::Result<TlsStream<UnixStream>>> {
    let (accepted, connections) = mpsc::channel(8);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (acceptor, accepted) = (acceptor.clone(), accepted.clone());
            tokio::spawn(async move {
                match timeout(HANDSHAKE_TIMEOUT, acceptor.accept(connection)).await {
                    Ok(Ok(secured)) => drop(accepted.send(Ok(secured)).await),
                    Ok(Err(error)) => log::info("refused a connection", &format!("\"error\":{:?}", error.to_string())),
                    Err(_) => log::info("refused a connection", r#""error":"no TLS handshake within 5 s""#),
                }
            });
        }
    });
    ReceiverStream::new(connections)
}

/// Trusts one certificate and no chain. rustls' own verifier refuses it as a client's when it
/// says CA:TRUE, which the certificates of AutoMTLS do.
#[derive(Debug)]
struct OnlyGateway {
    certificate: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for OnlyGateway {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, TlsError> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(TlsError::InvalidCertificate(CertificateError::UnknownIssuer))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
