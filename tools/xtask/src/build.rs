//! `cargo xtask build`

use crate::setup;
use anyhow::Result;
use clap::Args;
use pecan_vm::Workspace;
use pecan_vm::programs::{self, Profile, USER_PROGRAMS};

/// Options of `cargo xtask build`.
#[derive(Args)]
pub(crate) struct Options {
    /// Build the kernel that checks its invariants at every dispatch
    #[arg(long)]
    debug_kernel: bool,
}

pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    setup::needed(workspace)?;
    let kernel = programs::kernel(workspace, profile(options.debug_kernel))?;
    println!("{}", kernel.display());
    for program in programs::user(workspace, USER_PROGRAMS)? {
        println!("{}", program.display());
    }
    for name in programs::examples(workspace)? {
        println!("{}", programs::example(workspace, &name)?.display());
    }
    for name in programs::FOREIGN {
        println!("{}", programs::foreign(workspace, name)?.display());
    }
    println!("{}", programs::plugin(workspace)?.display());
    Ok(())
}

/// The form of the kernel that `--debug-kernel` asks for.
pub(crate) fn profile(debug_kernel: bool) -> Profile {
    if debug_kernel {
        Profile::Debug
    } else {
        Profile::Release
    }
}
