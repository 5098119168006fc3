//! Conformance tests of the L4 X.2 interface, as a root task.
//!
//! The command line names features (`IPC`), tests (`IPC0003`), or `smp` for all that needs several CPUs; nothing means all. A first word `spread=N` puts the partners
//! of the test's own thread, which is on CPU 0, on CPUs 1 to N in turn. Prints the plan, a
//! line per test and a summary, and ends the machine with success if none failed. `harness` has what
//! tests are made of; each other module is a feature with its tests.
#![no_std]
#![no_main]

mod abt;
mod bad;
mod bi;
mod clk;
mod dbg;
mod err;
mod exc;
mod flood;
mod flush;
mod fpu;
mod harness;
mod id;
mod io;
mod ipc;
mod irq;
mod kip;
mod map;
mod mc;
mod mem;
mod migr;
mod npf;
mod pc;
mod pf;
mod prp;
mod race;
mod rdr;
mod res;
mod sc;
mod sch;
mod sig;
mod smp;
mod storm;
mod str;
mod strb;
mod tc;
mod tmo;
mod ts;
mod way;
mod xcpu;
mod xft;
mod xr;

use harness::{Test, list, run};
use l4::println;

l4::program!(main);

/// The features in the order in which they build on each other.
const FEATURES: [&[Test]; 42] = [
    kip::TESTS,
    bi::TESTS,
    id::TESTS,
    ipc::TESTS,
    way::TESTS,
    prp::TESTS,
    rdr::TESTS,
    tmo::TESTS,
    err::TESTS,
    tc::TESTS,
    sc::TESTS,
    xr::TESTS,
    sch::TESTS,
    ts::TESTS,
    clk::TESTS,
    pf::TESTS,
    exc::TESTS,
    dbg::TESTS,
    fpu::TESTS,
    res::TESTS,
    map::TESTS,
    str::TESTS,
    npf::TESTS,
    xft::TESTS,
    abt::TESTS,
    mc::TESTS,
    pc::TESTS,
    bad::TESTS,
    mem::TESTS,
    smp::TESTS,
    xcpu::TESTS,
    flush::TESTS,
    flood::TESTS,
    migr::TESTS,
    race::TESTS,
    storm::TESTS,
    irq::TESTS,
    io::TESTS,
    strb::TESTS,
    sig::TESTS,
    sig::LAST,
    mem::LAST,
];

fn main() -> ! {
    if let Err(error) = l4::pager::start() {
        println!("[fail] no pager: {error:?}");
        l4::exit::report(false);
    }
    let (others, arguments) = spread(l4::args());
    if others >= l4::kip::cpus() {
        println!("[fail] there are no {others} other CPUs to spread workers over");
        l4::exit::report(false);
    }
    let mut chosen = [&kip::TESTS[0]; list::MOST];
    let (count, unknown) = list::select(&FEATURES, arguments, &mut chosen);
    if let Some(name) = unknown {
        println!("[fail] no test or feature is called {name}");
        l4::exit::report(false);
    }
    l4::exit::report(run::all(&chosen[..count], others) == 0)
}

/// The number in a first word `spread=N`, and the words behind it.
fn spread(arguments: &str) -> (usize, &str) {
    let arguments = arguments.trim_start();
    let (first, rest) = arguments.split_once(' ').unwrap_or((arguments, ""));
    match first.strip_prefix("spread=").map(str::parse) {
        Some(Ok(count)) => (count, rest),
        _ => (0, arguments),
    }
}
