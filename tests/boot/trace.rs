//! TRC00xx: a tracing kernel writes down what happens, and nothing that cannot be.

use crate::built::Built;
use libtest_mimic::{Failed, Trial};
use pecan_abi::trace::{Event, Record, Source};
use pecan_trace::{Ring, Rings, Timeline, Until, What, Why, capture, write};
use pecan_vm::{End, Exit, Machine, Payload, Timing, payload};
use std::sync::Arc;

/// Calls of the client of `user/examples/src/bin/echo.rs`.
const CALLS: usize = 64;
/// Interrupts that `user/examples/src/bin/timer.rs` waits for.
const NAPS: usize = 10;

pub(crate) fn trials(built: &Arc<Built>) -> Vec<Trial> {
    let trial = |id: &str, test: fn(&Built) -> Result<(), Failed>| {
        let built = built.clone();
        Trial::test(format!("trace::{id}"), move || test(&built))
    };
    vec![
        trial("TRC0001", all_messages_once),
        trial("TRC0002", the_same_each_time),
        trial("TRC0003", naps_between_interrupts),
    ]
}

/// A client on CPU 0 calls a server on CPU 1, each on a thread of the host.
fn all_messages_once(built: &Built) -> Result<(), Failed> {
    let (rings, lines) = run(built, "echo", Timing::Parallel)?;
    let timeline = consistent(&rings)?;
    let (client, server) = ids(&lines)?;
    stay_on_their_cpus(&timeline, &[(client, 0), (server, 1)])?;
    all_messages(&timeline, client, server)
}

/// The same in deterministic time: what is new to a CPU does not depend on the host then.
fn the_same_each_time(built: &Built) -> Result<(), Failed> {
    let (rings, lines) = run(built, "echo", Timing::Deterministic)?;
    let timeline = consistent(&rings)?;
    let (client, server) = ids(&lines)?;
    all_messages(&timeline, client, server)?;
    faults_and_doorbells(&timeline, &[client, server])?;
    let (again, _) = run(built, "echo", Timing::Deterministic)?;
    let is_same = until_the_end(&rings) == until_the_end(&again);
    ensure(is_same, || "two runs gave two traces".into())?;
    write(&timeline, Vec::new())?;
    Ok(())
}

/// All records up to the last one of CPU 0, which ends the machine: how far the other one gets then is the host's affair.
fn until_the_end(rings: &Rings) -> Vec<Vec<Record>> {
    let last = rings.cpus[0].records.last().map_or(0, |record| record.time);
    let own = |ring: &Ring| {
        let records = ring.records.iter().copied();
        records.filter(|record| record.time <= last).collect()
    };
    rings.cpus.iter().map(own).collect()
}

/// A driver waits for a device's interrupt ten times, and CPUs have nothing to do meanwhile.
fn naps_between_interrupts(built: &Built) -> Result<(), Failed> {
    let (rings, _) = run(built, "timer", Timing::Deterministic)?;
    let timeline = consistent(&rings)?;
    let interrupts = |source| {
        let events = timeline.instants.iter().map(|instant| instant.event);
        events.filter(move |event| matches!(event, Event::Interrupt { source: own, .. } if *own == source)).count()
    };
    let slices = |cpu, what| {
        let slices = timeline.slices.iter();
        slices
            .filter(move |slice| slice.cpu == cpu && slice.what == what)
            .count()
    };
    let seen = [
        interrupts(Source::Line),
        interrupts(Source::Timer).min(1),
        slices(0, What::Idle).min(NAPS),
        slices(1, What::Idle).min(1),
        slices(1, What::Dispatcher).min(1),
    ];
    ensure(seen == [NAPS, 1, NAPS, 1, 1], || format!("{seen:?}"))
}

/// Runs an example on two CPUs: what was written down, and what was printed.
fn run(built: &Built, example: &str, timing: Timing) -> Result<(Rings, Vec<String>), Failed> {
    let image = payload::pack(&built.program("sigma0")?, &built.example(example)?, &[])?;
    let folder = built.workspace.target();
    let payload = Payload::new(&built.tracing_kernel()?).with_image(folder, &image)?;
    let machine = Machine {
        timing,
        ..Machine::new(2)
    };
    let mut lines = Vec::new();
    let traced = capture(
        &built.qemu,
        &machine,
        &payload,
        folder,
        Until::End,
        |line| {
            lines.push(line.to_owned());
        },
    )?;
    ensure(traced.end == End::Exit(Exit::Success), || {
        format!("{}\n{}", lines.join("\n"), traced.end.words())
    })?;
    Ok((traced.rings, lines))
}

/// Everything is there, and nothing that cannot be.
fn consistent(rings: &Rings) -> Result<Timeline, Failed> {
    let timeline = Timeline::of(rings);
    let lost = &timeline.lost;
    ensure(lost == &[0, 0], || format!("{lost:?} are lost"))?;
    let told = timeline.contradictions();
    ensure(told.is_empty(), || told.join("\n"))?;
    Ok(timeline)
}

/// Client and server, from `[echo] server 3c00000001, client 3d00000001`.
fn ids(lines: &[String]) -> Result<(u64, u64), Failed> {
    let found = lines.iter().find_map(|line| {
        let (_, ids) = line.split_once("[echo] server ")?;
        let (server, client) = ids.split_once(", client ")?;
        let id = |text| u64::from_str_radix(text, 16).ok();
        Some((id(client)?, id(server)?))
    });
    found.ok_or_else(|| "the example names no server and client".into())
}

fn stay_on_their_cpus(timeline: &Timeline, homes: &[(u64, usize)]) -> Result<(), Failed> {
    for (thread, cpu) in homes {
        let is_its = |what| matches!(what, What::Thread { thread: own, .. } if own == *thread);
        let mut own = timeline
            .slices
            .iter()
            .filter(|slice| is_its(slice.what))
            .peekable();
        ensure(own.peek().is_some(), || format!("{thread:x} never ran"))?;
        ensure(own.all(|slice| slice.cpu == *cpu), || {
            format!("{thread:x} ran elsewhere")
        })?;
    }
    Ok(())
}

fn all_messages(timeline: &Timeline, client: u64, server: u64) -> Result<(), Failed> {
    for (way, from_cpu) in [((client, server), 0), ((server, client), 1)] {
        let delivered = timeline.instants.iter().filter(
            |instant| matches!(instant.event, Event::Deliver { from, to, .. } if (from, to) == way),
        );
        let asked = timeline.instants.iter().filter(
            |instant| matches!(instant.event, Event::Ask { from, to, .. } if (from, to) == way),
        );
        let arrows = timeline.arrows.iter().filter(|arrow| {
            let is_it = matches!(arrow.why, Why::Message { from, to, .. } if (from, to) == way);
            is_it && (arrow.from.cpu, arrow.to.cpu) == (from_cpu, 1 - from_cpu)
        });
        let counts = (delivered.count(), arrows.count());
        ensure(counts == (CALLS, CALLS), || format!("{way:x?}: {counts:?}"))?;
        let asked = asked.count();
        ensure(asked >= CALLS, || format!("{way:x?}: {asked} set out"))?;
    }
    Ok(())
}

fn faults_and_doorbells(timeline: &Timeline, threads: &[u64]) -> Result<(), Failed> {
    for thread in threads {
        let faulted = timeline.instants.iter().any(
            |instant| matches!(instant.event, Event::Fault { thread: own, .. } if own == *thread),
        );
        ensure(faulted, || format!("{thread:x} missed no page"))?;
    }
    let doorbells = timeline.arrows.iter();
    let seen = doorbells.filter(|arrow| arrow.why == Why::Interrupt(Source::Doorbell));
    let crosses = seen.clone().all(|arrow| arrow.from.cpu != arrow.to.cpu);
    ensure(seen.count() > 0 && crosses, || {
        "no interrupt between CPUs".into()
    })
}

fn ensure(holds: bool, why: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(why().into()) }
}
