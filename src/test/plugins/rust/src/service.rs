//! What the plugin answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::{env, process};

use tokio::sync::Notify;
use tonic::{Request, Response, Status};

use hkpplugin::hkp_plugin_server::HkpPlugin;
use hkpplugin::{
    Empty, HandleRequestEvent, HandleResponse, HealthStatus, InitRequest, InitResponse, PluginInfo, ShutdownRequest,
    ShutdownResponse, health_status,
};

use crate::log;

pub mod hkpplugin {
    #![allow(clippy::enum_variant_names)]
    tonic::include_proto!("hkpplugin");
}

pub struct Plugin {
    stop: Arc<Notify>,
}

impl Plugin {
    pub fn new(stop: Arc<Notify>) -> Self {
        Self { stop }
    }
}

#[tonic::async_trait]
impl HkpPlugin for Plugin {
    async fn initialize(&self, _: Request<InitRequest>) -> Result<Response<InitResponse>, Status> {
        Ok(Response::new(InitResponse { success: true, info: Some(info()), ..Default::default() }))
    }

    async fn get_info(&self, _: Request<Empty>) -> Result<Response<PluginInfo>, Status> {
        Ok(Response::new(info()))
    }

    async fn health_check(&self, _: Request<Empty>) -> Result<Response<HealthStatus>, Status> {
        Ok(Response::new(HealthStatus { status: health_status::Status::Healthy.into(), ..Default::default() }))
    }

    async fn handle_request(&self, event: Request<HandleRequestEvent>) -> Result<Response<HandleResponse>, Status> {
        Ok(Response::new(match event.get_ref().path.as_str() {
            "/crash" => process::exit(3),
            "/deny" => HandleResponse {
                status_code: 403,
                headers: map([("Content-Type", "text/plain")]),
                body: b"denied by rust\n".to_vec(),
                ..Default::default()
            },
            _ => HandleResponse {
                continue_chain: true,
                headers: map([("X-Plugin-Language", "rust")]),
                ..Default::default()
            },
        }))
    }

    async fn shutdown(&self, _: Request<ShutdownRequest>) -> Result<Response<ShutdownResponse>, Status> {
        log::info("plugin stops", r#""language":"rust""#);
        self.stop.notify_one();
        Ok(Response::new(ShutdownResponse { success: true, ..Default::default() }))
    }
}

fn info() -> PluginInfo {
    PluginInfo {
        name: env::var("PLUGIN_NAME").unwrap_or_default(),
        version: "1.0.0".to_owned(),
        metadata: map([("language", "rust"), ("data_dir", &env::var("PLUGIN_DATA_DIR").unwrap_or_default())]),
        ..Default::default()
    }
}

fn map<const N: usize>(entries: [(&str, &str); N]) -> HashMap<String, String> {
    entries.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
