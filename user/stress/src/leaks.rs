//! Whether anything is left when everybody is gone.

use l4::{Time, control, ipc, kip, schedule, thread};
use stress::wrong::What;

use crate::board::{RUN, report};
use crate::staff::Member;
use crate::{crew, storm};

/// How often the frames are counted until they are as many as they should be: CPUs put away what ended, and may have to stand
/// still meanwhile.
const LOOKS: u32 = 2_500;
/// Between two looks.
const PAUSE: Time = Time::period(2_000);

/// The kernel's free frames.
pub(crate) fn free_frames() -> u64 {
    control::free_frames().unwrap_or(0)
}

/// How many of the frames that were free before are not: 0, unless they are lost.
pub(crate) fn missing(before: u64) -> u64 {
    for _ in 0..LOOKS {
        if free_frames() >= before {
            return 0;
        }
        ipc::sleep(PAUSE);
    }
    before.saturating_sub(free_frames())
}

/// Lets the kernel check itself on every CPU, and looks for each thread that there was.
pub(crate) fn look_for_threads() {
    let me = thread::myself();
    for cpu in (0..kip::cpus()).rev() {
        if let Err(error) = schedule::set_cpu(me, cpu) {
            report(What::Refused, cpu, None, error.raw());
        }
        if !control::check() {
            report(What::Accepted, cpu, None, 0);
        }
    }
    let workers = (0..RUN.workers()).map(crew::last_id);
    let members = Member::all().filter_map(Member::last_id);
    let mut all = workers.chain(members).chain(storm::last_ids());
    if let Some(left) = all.find(|id| schedule::state(*id).is_ok()) {
        report(What::Left, 0, None, left.raw());
    }
}
