//! SpaceControl.

use l4::abi::layout::{KIP_ADDRESS, KIP_AREA_FPAGE, UTCB_AREA, UTCB_AREA_FPAGE};
use l4::{Fpage, Rights, ThreadId, ipc, space, syscall, thread, utcb};

use crate::harness::raw::{self, DONE, Verdict, refused};
use crate::harness::{Failure, Outcome, Test, board, check, equal, hex, ids, until, worker};

pub(crate) const TESTS: &[Test] = &[
    Test::new("SC0001", needs_privilege),
    Test::new("SC0002", space_must_exist),
    Test::new("SC0003", utcb_area),
    Test::new("SC0004", kip_area),
    Test::new("SC0005", success),
    Test::new("SC0006", areas_anywhere),
    Test::new("SC0007", initialised_space_keeps_its_areas),
    Test::new("SC0008", refusal_changes_nothing),
    Test::new("SC0009", many_threads_in_one_space),
];

/// The first, inactive thread of a space without areas.
#[track_caller]
fn empty_space() -> Result<ThreadId, Failure> {
    let id = ids::fresh();
    equal("creation", raw::create(id, id), DONE)?;
    Ok(id)
}

fn control(space: ThreadId, kip: Fpage, utcb: Fpage) -> Verdict {
    raw::space_control(space.raw(), 0, kip.raw(), utcb.raw()).0
}

const fn area(base: u64, log2: u32) -> Fpage {
    Fpage::new(base, log2, Rights::NONE)
}

fn needs_privilege() -> Outcome {
    let space = empty_space()?;
    for target in [space, ThreadId::NIL] {
        let call = |id| control(ThreadId::from_raw(id), KIP_AREA_FPAGE, UTCB_AREA_FPAGE).pack();
        let got = worker::perform(worker::away(), call, target.raw())?;
        equal("verdict", Verdict::unpack(got), refused(1))?;
    }
    Ok(())
}

fn space_must_exist() -> Outcome {
    let wrong = ids::next_version(thread::myself());
    let local = utcb::my().local_id();
    for space in [
        ids::fresh(),
        wrong,
        local,
        ThreadId::NIL,
        ThreadId::ANY,
        ThreadId::ANY_LOCAL,
    ] {
        equal(
            "verdict",
            control(space, KIP_AREA_FPAGE, UTCB_AREA_FPAGE),
            refused(3),
        )?;
    }
    Ok(())
}

fn utcb_area() -> Outcome {
    let space = empty_space()?;
    let bad = [
        Fpage::NIL,
        area(UTCB_AREA, 10),
        area(UTCB_AREA, 11),
        area(0xFFFF_8000_0000_0000, 18),
        area(0xFFFF_FFFF_8000_0000, 12),
        area(0x8000_0000_0000, 12),
        area(0, 48),
        Fpage::COMPLETE,
        area(0, 63),
    ];
    for utcb in bad {
        let verdict = control(space, KIP_AREA_FPAGE, utcb);
        if verdict != refused(6) {
            let raw = utcb.raw();
            return Err(Failure::new(format_args!(
                "UTCB area {raw:#x}: {verdict:?}"
            )));
        }
    }
    Ok(())
}

fn kip_area() -> Outcome {
    let space = empty_space()?;
    let bad = [
        Fpage::NIL,
        area(KIP_ADDRESS, 10),
        area(0xFFFF_8000_0000_0000, 12),
        area(0x8000_0000_0000, 12),
        area(UTCB_AREA, 12),
        area(UTCB_AREA + 0x3_F000, 12),
        area(UTCB_AREA, 24),
        Fpage::COMPLETE,
    ];
    for kip in bad {
        let verdict = control(space, kip, UTCB_AREA_FPAGE);
        if verdict != refused(7) {
            let raw = kip.raw();
            return Err(Failure::new(format_args!("KIP area {raw:#x}: {verdict:?}")));
        }
    }
    equal(
        "UTCB area first",
        control(space, area(0, 10), area(0, 10)),
        refused(6),
    )
}

fn success() -> Outcome {
    let space = empty_space()?;
    let call = |space: ThreadId| {
        raw::space_control(space.raw(), 0, KIP_AREA_FPAGE.raw(), UTCB_AREA_FPAGE.raw())
    };
    equal("verdict and old control", call(space), (DONE, 0))?;
    equal("again", call(space), (DONE, 0))
}

fn look_around(_: u64) {
    let page = syscall::kernel_interface().page;
    board::put(1, page);
    // SAFETY: the kernel just said that its page is there.
    board::put(2, unsafe { (page as *const u64).read_volatile() });
    board::put(3, utcb::my().mr0() as u64);
    board::put(0, 1);
    ipc::park();
}

/// The program runs in the space wherever its areas are.
fn areas_anywhere() -> Outcome {
    let places = [
        (0x5000_0000, 0x6000_0000, 12),
        (0x7FFF_FFFF_F000, 0x7FFF_0000_0000, 14),
        (0x12_3456_7000, 0x12_3456_8000, 12),
        (0x3_0000_0000, 0x4_0000_0000, 24),
    ];
    for (kip, utcb, log2) in places {
        board::put(0, 0);
        let plan = space::Builder::new().kip_area(kip).utcb_area(utcb, log2);
        worker::start(worker::here().new_space_as(plan), look_around, 0)?;
        until("a thread there", || board::get(0) == 1)?;
        hex("KIP address", board::get(1), kip)?;
        hex("its first word", board::get(2), l4::abi::kip::MAGIC)?;
        hex("MR0 address", board::get(3), utcb + 512)?;
    }
    Ok(())
}

/// Areas of an initialised space stay; nonsense in the arguments does not matter.
fn initialised_space_keeps_its_areas() -> Outcome {
    let id = worker::start(worker::away(), look_around, 0)?;
    until("it ran", || board::get(0) == 1)?;
    equal("nonsense", control(id, area(1 << 40, 63), Fpage::NIL), DONE)?;
    equal(
        "other areas",
        control(id, area(0x5000_0000, 12), area(0x6000_0000, 12)),
        DONE,
    )?;
    board::put(0, 0);
    worker::start(worker::here().in_space_of(id), look_around, 0)?;
    until("another ran", || board::get(0) == 1)?;
    hex("KIP address", board::get(1), KIP_ADDRESS)?;
    check(
        "MR0 in the old area",
        UTCB_AREA_FPAGE.contains(board::get(3)),
    )
}

fn refusal_changes_nothing() -> Outcome {
    let space = empty_space()?;
    equal(
        "bad UTCB area",
        control(space, area(0x5000_0000, 12), Fpage::NIL),
        refused(6),
    )?;
    equal(
        "bad KIP area",
        control(space, area(UTCB_AREA, 12), UTCB_AREA_FPAGE),
        refused(7),
    )?;
    let place = raw::thread_control(
        space.raw(),
        space.raw(),
        0,
        thread::myself().raw(),
        UTCB_AREA,
    );
    check("still without areas", place.result == 0)?;
    equal(
        "good areas",
        control(space, KIP_AREA_FPAGE, UTCB_AREA_FPAGE),
        DONE,
    )
}

/// Each has a UTCB of its own: the id in it is its own.
fn many_threads_in_one_space() -> Outcome {
    let first = worker::start(worker::away(), |_| ipc::park(), 0)?;
    let note = |_| {
        let good = utcb::my().global_id().raw();
        utcb::my().set_mr(9, good);
        l4::schedule::yield_now();
        if utcb::my().mr(9) == good
            && thread::other_id(utcb::my().local_id()).map(ThreadId::raw) == Ok(good)
        {
            board::add(0, 1);
        }
    };
    for _ in 0..40 {
        worker::start(worker::here().in_space_of(first), note, 0)?;
    }
    until("40 good threads", || board::get(0) == 40)
}
