//! Where booting ends: the first threads, and the dispatcher of every CPU.

use core::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pecan_abi::error::SysError;
use pecan_abi::id::ThreadId;
use pecan_abi::kip::ServerInfo;
use pecan_abi::layout::{
    KIP_AREA_FPAGE, ROOT_PRIORITY, SYSTEM_THREADS, UTCB_AREA, UTCB_AREA_FPAGE, root, sigma0,
};

use pecan_bootdata::options::Faults;

use crate::arch::x86_64::{clock, power, switch};
use crate::boot::{Facts, aps, servers};
use crate::cpu;
use crate::irq;
use crate::sched;
use crate::space::{Role, Space, kip};
use crate::sys::thread_control;
use crate::thread::{activate, create::create, table};
use crate::trace;

static COMPATIBLE: AtomicBool = AtomicBool::new(false);
static USER_BASE: AtomicU32 = AtomicU32::new(SYSTEM_THREADS);

/// Whether programs get what old ones assume: input and output, and console operations behind INT3.
pub(crate) fn compatible() -> bool {
    COMPATIBLE.load(Ordering::Relaxed)
}

/// The first thread number of user programs: sigma0's.
pub(crate) fn user_base() -> u32 {
    USER_BASE.load(Ordering::Relaxed)
}

/// Runs on the boot CPU when the machine is set up: loads the first programs, starts the other CPUs, and dispatches.
pub(crate) fn boot_main(facts: &'static Facts) -> ! {
    COMPATIBLE.store(facts.options.compat_pistachio, Ordering::Relaxed);
    USER_BASE.store(irq::count() + SYSTEM_THREADS, Ordering::Relaxed);
    trace::begin();
    sched::set_period(facts.options.tick_micros);
    set_faults(facts.options.faults);
    table::init();
    let loaded = servers::load(facts);
    kip::make(&loaded);
    start_servers(loaded.sigma0, loaded.root);
    aps::start_all(facts);
    log::info!(
        "{} CPUs, first programs start after {} us",
        facts.cpus.len(),
        clock::micros()
    );
    enter_dispatcher()
}

/// Makes the machine a bad one, if that is asked for.
fn set_faults(faults: Faults) {
    #[cfg(debug_assertions)]
    crate::faults::set(faults);
    #[cfg(not(debug_assertions))]
    if faults != Faults::default() {
        log::warn!("only the debug kernel has faults");
    }
}

/// Runs on every other CPU when its block is loaded.
pub(crate) fn ap_main(index: usize) -> ! {
    log::debug!("CPU {index} dispatches");
    enter_dispatcher()
}

fn enter_dispatcher() -> ! {
    sched::start_timer(cpu::current());
    switch::abandon()
}

fn start_servers(sigma0_image: ServerInfo, root_image: ServerInfo) {
    let (sigma0, root) = (sigma0(user_base()), root(user_base()));
    let started = start_server(sigma0, Role::Sigma0, root, ThreadId::NIL, sigma0_image)
        .and_then(|()| start_server(root, Role::Root, root, sigma0, root_image));
    if let Err(error) = started {
        log::error!(
            "cannot boot: the first programs cannot be started ({error:?}): give more memory with kmem="
        );
        power::exit(power::NO_MEMORY);
    }
}

fn start_server(
    id: ThreadId,
    role: Role,
    scheduler: ThreadId,
    pager: ThreadId,
    image: ServerInfo,
) -> Result<(), SysError> {
    let cpu = cpu::current();
    let _lock = thread_control::lock();
    let space = Space::create(role).ok_or(SysError::NoMemory)?;
    space.initialise(KIP_AREA_FPAGE, UTCB_AREA_FPAGE)?;
    let thread = create(cpu, id, space, scheduler)?;
    thread.priority.set(ROOT_PRIORITY);
    activate::activate_running(cpu, thread, UTCB_AREA, pager, image.ip, image.sp)
}
