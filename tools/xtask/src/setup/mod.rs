//! `cargo xtask setup`: what a fresh machine lacks.
//!
//! Everything that is there already is passed over in silence and without the network.

mod action;
mod apt;
mod qemu;
mod release;
mod rust;

use anyhow::Result;
use pecan_vm::{Plugin, Qemu, Workspace, programs};

/// Installs everything, the optional parts included, and says what there is.
pub(crate) fn all(workspace: &Workspace) -> Result<()> {
    rust::kernel_target(workspace)?;
    rust::checkers(workspace)?;
    let qemu = qemu::newest()?;
    match rust::miri(workspace) {
        Ok(()) => println!("miri: there"),
        Err(why) => println!("miri: skipped, {why}"),
    }
    println!("QEMU: {}", qemu.version());
    let plugin = programs::plugin(workspace)?;
    match qemu.why_not(&Plugin::new(&plugin, "probe", "on"))? {
        None => println!("plugin: there"),
        Some(why) => println!("plugin: skipped, {why}"),
    }
    println!("everything that is needed is there");
    Ok(())
}

/// Installs what building and booting need.
pub(crate) fn needed(workspace: &Workspace) -> Result<Qemu> {
    rust::kernel_target(workspace)?;
    qemu::any()
}

/// Installs what the tests need, too.
pub(crate) fn for_tests(workspace: &Workspace) -> Result<Qemu> {
    rust::checkers(workspace)?;
    needed(workspace)
}

/// Whether Miri can run, installing it for a nightly toolchain that is there; if not, the reason.
pub(crate) fn miri(workspace: &Workspace) -> Result<(), String> {
    rust::miri(workspace)
}
