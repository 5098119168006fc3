//! How fast the time-stamp counter and the APIC timer run.
//!
//! The CPU says so, or it is measured: several short windows, each between two readings of a reference clock that are as close to the
//! counter's as can be had; the median counts. A host that takes the CPU away in the middle of a window changes nothing, because all
//! clocks go on; one that takes it away between two readings spoils one window.

use super::reference::Reference;
use super::{khz, now_ticks, set_khz};
use crate::arch::x86_64::apic;
use raw_cpuid::CpuId;

/// How many windows are measured; odd, for the median.
const WINDOWS: usize = 7;

/// Windows per second: each is 1 ms long.
const WINDOWS_PER_SECOND: u64 = 1000;

/// How often both clocks are read to get a close pair.
const PAIR_TRIES: usize = 4;

/// Both counters at about the same moment as a reading of the reference.
#[derive(Clone, Copy)]
struct Moment {
    reference: u64,
    ticks: u64,
    timer: u32,
}

/// Measures. Boot CPU, with its APIC set up. `hpet` is a physical address, `pm_timer` a port.
pub(crate) fn calibrate(hpet: Option<u64>, pm_timer: Option<u16>) {
    apic::timer_run_free();
    let told = told_khz();
    match Reference::find(hpet, pm_timer) {
        Some(reference) => measure(&reference, told),
        None => {
            set_khz(told.unwrap_or(khz()));
            measure_timer_by_ticks();
            if told.is_none() {
                log::warn!(
                    "no clock to measure by: the time-stamp counter is taken to run at {} kHz",
                    khz()
                );
            }
        }
    }
    apic::timer_stop();
}

/// What the CPU, or the hypervisor, says of the time-stamp counter.
fn told_khz() -> Option<u64> {
    let cpuid = CpuId::new();
    let hypervisor = cpuid
        .get_hypervisor_info()
        .and_then(|info| info.tsc_frequency())
        .map(u64::from);
    let cpu = || {
        cpuid
            .get_tsc_info()
            .and_then(|info| info.tsc_frequency())
            .map(|hz| hz / 1000)
    };
    hypervisor.or_else(cpu).filter(|khz| *khz > 1000)
}

fn measure(reference: &Reference, told: Option<u64>) {
    let mut ticks = [0; WINDOWS];
    let mut timer = [0; WINDOWS];
    for i in 0..WINDOWS {
        let start = moment(reference);
        let mut end = moment(reference);
        while reference.elapsed(start.reference, end.reference)
            < reference.hz() / WINDOWS_PER_SECOND
        {
            core::hint::spin_loop();
            end = moment(reference);
        }
        let elapsed = reference.elapsed(start.reference, end.reference);
        let per_millisecond = |counts: u64| {
            (u128::from(counts) * u128::from(reference.hz()) / (u128::from(elapsed) * 1000)) as u64
        };
        ticks[i] = per_millisecond(end.ticks.wrapping_sub(start.ticks));
        timer[i] = per_millisecond(u64::from(start.timer.wrapping_sub(end.timer)));
    }
    let (ticks, timer) = (median(ticks), median(timer));
    set_khz(told.unwrap_or(ticks));
    apic::set_timer_khz(u32::try_from(timer).unwrap_or(u32::MAX));
    log::info!(
        "time-stamp counter {} kHz, APIC timer {timer} kHz, measured by the {}",
        khz(),
        reference.name()
    );
}

/// The APIC timer alone, when only the time-stamp counter's speed is known.
fn measure_timer_by_ticks() {
    let (start, from) = (now_ticks(), apic::timer_count());
    super::wait(1000 * WINDOWS as u64);
    let (to, end) = (apic::timer_count(), now_ticks());
    let ticks = u128::from(end.wrapping_sub(start)).max(1);
    let timer = u128::from(from.wrapping_sub(to)) * u128::from(khz()) / ticks;
    apic::set_timer_khz(u32::try_from(timer).unwrap_or(u32::MAX));
}

/// The closest of a few readings of all three clocks.
fn moment(reference: &Reference) -> Moment {
    let mut best = None;
    for _ in 0..PAIR_TRIES {
        let before = now_ticks();
        let read = reference.read();
        let between = now_ticks();
        let timer = apic::timer_count();
        let width = now_ticks().wrapping_sub(before);
        let this = Moment {
            reference: read,
            ticks: before + between.wrapping_sub(before) / 2,
            timer,
        };
        if best.is_none_or(|(narrowest, _)| width < narrowest) {
            best = Some((width, this));
        }
    }
    best.map_or(
        Moment {
            reference: 0,
            ticks: 0,
            timer: 0,
        },
        |(_, moment)| moment,
    )
}

fn median(mut values: [u64; WINDOWS]) -> u64 {
    values.sort_unstable();
    values[WINDOWS / 2]
}
