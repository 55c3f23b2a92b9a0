use std::path::Path;

/// Makes the stubs from the protocol of this checkout; protox needs no protoc.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protocol = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../proto");
    println!("cargo:rerun-if-changed={}", protocol.join("hkp_plugin.proto").display());
    let descriptors = protox::compile(["hkp_plugin.proto"], [protocol])?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        .generate_default_stubs(true)
        .compile_fds(descriptors)?;
    Ok(())
}
