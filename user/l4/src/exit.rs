//! Ending the machine with a verdict that the host sees.

pub use pecan_abi::exit::{FAILURE, SUCCESS};

use crate::{control, ipc, pager};

/// Ends the machine with `code`. From an unprivileged space the pager is asked to do it. On a kernel
/// without the control call the thread just stops.
pub fn exit(code: u64) -> ! {
    control::exit(code);
    pager::ask_for_exit(code);
    ipc::park()
}

/// Ends the machine with success if `ok`, else with failure: the last line of a self-checking program.
pub fn report(ok: bool) -> ! {
    exit(if ok {
        u64::from(SUCCESS)
    } else {
        u64::from(FAILURE)
    })
}
