//! A plugin as a Rust author writes it, with tonic and no library for plugins.

mod log;
mod mtls;
mod service;

use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs, process, thread};

use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::transport::Server;

use service::Plugin;
use service::hkpplugin::hkp_plugin_server::HkpPluginServer;

const COOKIE: &str = "hkp-gateway-plugin-7b1e5c1f0d3a4e2c";

/// For answers that are under way; then open connections are cut.
const GRACE: Duration = Duration::from_secs(1);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    if env::var("HKP_PLUGIN_COOKIE").as_deref() != Ok(COOKIE) {
        eprintln!("this is a plugin, not a program to run by hand");
        process::exit(1);
    }
    let versions = env::var("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_else(|_| "1".to_owned());
    if !versions.split(',').any(|version| version == "1") {
        eprintln!("expected: protocol version 1 among those of the gateway, got: {versions}");
        process::exit(1);
    }
    let stock_verifier = env::args().nth(1).as_deref() == Some("stock-verifier");
    let tls = match env::var("PLUGIN_CLIENT_CERT") {
        Ok(gateway) => Some(mtls::with_gateway(&gateway, stock_verifier)?),
        Err(_) => None,
    };
    log::info("plugin starts", &format!(r#""language":"rust","pid":{},"mtls":{}"#, process::id(), tls.is_some()));

    let path = Path::new(&env::var("PLUGIN_UNIX_SOCKET_DIR")?).join("plugin.sock");
    let listener = UnixListener::bind(&path)?;
    let certificate = tls.as_ref().map_or("", |(_, certificate)| certificate.as_str());
    println!("1|1|unix|{}|grpc|{certificate}", path.display());

    let stop = Arc::new(Notify::new());
    let server = Server::builder().add_service(HkpPluginServer::new(Plugin::new(stop.clone())));
    let draining = Arc::new(Notify::new());
    let serving = async {
        let stopped = draining.notified();
        match tls {
            Some((acceptor, _)) => server.serve_with_incoming_shutdown(mtls::accept(listener, acceptor), stopped).await,
            None => server.serve_with_incoming_shutdown(UnixListenerStream::new(listener), stopped).await,
        }
    };
    tokio::pin!(serving);
    tokio::select! {
        ended = &mut serving => ended?,
        () = stop_wanted(stop)? => {
            draining.notify_one();
            let _ = timeout(GRACE, serving).await;
        }
    }
    let _ = fs::remove_file(&path);
    // Not by return: a thread still waits for the end of stdin.
    process::exit(0)
}

/// Completes after Shutdown, on SIGTERM, and when stdin ends because the gateway has died.
fn stop_wanted(stop: Arc<Notify>) -> io::Result<impl Future<Output = ()>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let gone = stop.clone();
    thread::spawn(move || {
        let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
        gone.notify_one();
    });
    Ok(async move {
        tokio::select! {
            () = stop.notified() => {}
            _ = terminated.recv() => {}
        }
    })
}
