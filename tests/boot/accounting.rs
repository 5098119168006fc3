//! PERF002x: what the kernel touches, counted from outside by a plugin of QEMU. Before QEMU 9.1 there is no interface for it.

use crate::built::Built;
use crate::trials::Trials;
use libtest_mimic::{Completion, Failed, Trial};
use pecan_perf::accounting::{Account, Counted, Counts, Order, Outcome, account};
use pecan_perf::{
    Budgets, INTER_BUSY, INTER_IDLE, INTER_PAGE_FAULT, INTER_REGISTERS, INTER_UNMAP_PAGE,
    INTERRUPT_TO_USER, INTRA_INTER_SPACE, INTRA_SAME_SPACE, LONG_PAGE, MAP_PAGE, MIGRATE,
    NULL_SYSCALL, PAGE_FAULT, UNMAP_PAGE, YIELD_SWITCH, count,
};
use std::sync::{Arc, OnceLock};

/// The rows that have budgets for what they touch: no long strings, which take long under a plugin.
const ROWS: [&str; 15] = [
    NULL_SYSCALL,
    YIELD_SWITCH,
    INTERRUPT_TO_USER,
    PAGE_FAULT,
    INTER_PAGE_FAULT,
    MAP_PAGE,
    UNMAP_PAGE,
    INTER_UNMAP_PAGE,
    INTER_REGISTERS,
    MIGRATE,
    INTRA_INTER_SPACE,
    INTRA_SAME_SPACE,
    INTER_IDLE,
    INTER_BUSY,
    LONG_PAGE,
];

const CPUS: u32 = 2;

/// Most words that stay in registers.
const SHORT: u32 = 7;

/// Most that the kernel does and touches for a short message inside a CPU, one way, whatever the budgets say: what the path is
/// built for. Everything else of a [`Counts`] is 0, but for one write of CR3 into another space.
const MOST: Counts = Counts {
    instructions: 62,
    loads: 25,
    stores: 15,
    data_lines: 6,
    data_pages: 4,
    code_lines: 6,
    code_pages: 1,
    locked: 0,
    cr3_writes: 0,
    invlpg: 0,
    msr_writes: 0,
    system_calls: 0,
    port_io: 0,
};

type Shared = Arc<OnceLock<Result<Outcome, String>>>;
type Judge = fn(&Built, &Counted) -> Result<(), Failed>;

pub(crate) fn trials(built: &Arc<Built>) -> Trials {
    let shared = Shared::default();
    let judges: [(&str, Judge); 4] = [
        ("PERF0020", nothing_changes),
        ("PERF0021", all_is_seen),
        ("PERF0022", within_budgets),
        ("PERF0023", short_messages_touch_little),
    ];
    let trial = |(id, judge): (&str, Judge)| {
        let (built, shared) = (built.clone(), shared.clone());
        Trial::ignorable_test(format!("accounting::{id}"), move || {
            match outcome(&built, &shared)? {
                Outcome::Counted(counted) => judge(&built, counted).map(|()| Completion::Completed),
                // Later ones have the interface: there it is the plugin that does not fit any more.
                Outcome::Unfit(why) if built.qemu.has_plugin_interface() => {
                    Err(why.as_str().into())
                }
                Outcome::Unfit(why) => Ok(Completion::ignored_with(why.as_str())),
            }
        })
    };
    Trials::of_one_run(judges.into_iter().map(trial))
}

fn outcome<'a>(built: &Built, shared: &'a Shared) -> Result<&'a Outcome, Failed> {
    let run = || {
        let order = Order {
            cpus: CPUS,
            ids: &ROWS,
            lines: false,
        };
        account(&built.workspace, &built.qemu, order, |_, _, _| {})
            .map_err(|error| format!("{error:#}"))
    };
    shared
        .get_or_init(run)
        .as_ref()
        .map_err(|why| why.as_str().into())
}

/// Every sample is the same, to the tick, when nobody looks on.
fn nothing_changes(built: &Built, counted: &Counted) -> Result<(), Failed> {
    let alone = count(&built.workspace, &built.qemu, CPUS, "account", &ROWS)
        .map_err(|error| Failed::from(format!("{error:#}")))?;
    if alone == counted.rows {
        return Ok(());
    }
    let pairs = alone.iter().zip(&counted.rows);
    let differing = pairs.filter(|(alone, watched)| alone != watched);
    let told: Vec<String> = differing
        .map(|(alone, watched)| format!("{alone:?}\nwith the plugin: {watched:?}"))
        .collect();
    Err(told.join("\n").into())
}

/// Every row is accounted, and with exactly the instructions that its median sample took.
fn all_is_seen(_: &Built, counted: &Counted) -> Result<(), Failed> {
    let is_there = |id: &&str| counted.rows.iter().any(|row| row.id == **id);
    if let Some(id) = ROWS.iter().find(|id| !is_there(id)) {
        return Err(format!("{id} was not measured").into());
    }
    if counted.accounts.len() != counted.rows.len() {
        let accounted = counted.accounts.iter().map(|account| account.id.as_str());
        let accounted: Vec<&str> = accounted.collect();
        return Err(format!("only these rows were accounted: {accounted:?}").into());
    }
    for (row, account) in counted.rows.iter().zip(&counted.accounts) {
        if (&row.id, row.words) != (&account.id, account.words) {
            return Err(format!("{row:?}\n{account:?}").into());
        }
        let seen = account.instructions();
        if !expected(account, &row.ticks).contains(&seen) {
            return Err(format!("{} has {seen} instructions: {row:?}", row.id).into());
        }
    }
    Ok(())
}

/// What an account may say. An instruction that faults is tried twice; on the way to an interrupt's handler each sample is
/// another one.
fn expected(account: &Account, ticks: &[u64]) -> Vec<u64> {
    let median = {
        let mut sorted = ticks.to_vec();
        sorted.sort_unstable();
        sorted[(sorted.len() - 1) / 2]
    };
    match account.id.as_str() {
        PAGE_FAULT | INTER_PAGE_FAULT => vec![median + 1],
        INTERRUPT_TO_USER => ticks.to_vec(),
        _ => vec![median],
    }
}

fn within_budgets(_: &Built, counted: &Counted) -> Result<(), Failed> {
    let budgets = Budgets::own().map_err(|error| Failed::from(format!("{error:#}")))?;
    let complaints = budgets.complaints_of(&counted.accounts);
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(complaints.join("\n").into())
    }
}

fn short_messages_touch_little(_: &Built, counted: &Counted) -> Result<(), Failed> {
    let paths = [(INTRA_INTER_SPACE, 1), (INTRA_SAME_SPACE, 0)];
    for (id, cr3_writes) in paths {
        let most = Counts { cr3_writes, ..MOST };
        let is_short = |account: &&Account| {
            account.id == id && account.words.is_some_and(|words| words <= SHORT)
        };
        let mut rows = counted.accounts.iter().filter(is_short).peekable();
        if rows.peek().is_none() {
            return Err(format!("there is no short message of {id}").into());
        }
        for account in rows {
            // A call is a visit, and its answer another one.
            if account.visits != 2 || account.visit.most(most) != most {
                return Err(format!("{id} may at most: {most:?}\nand it does: {account:?}").into());
            }
        }
    }
    Ok(())
}
