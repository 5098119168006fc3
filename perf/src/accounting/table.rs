//! The accounts for people, at most 100 columns wide.

use super::{Account, Counts};
use crate::cells::{lines, plain, right};
use crate::names::name;
use crate::table::block;
use crate::{INTRA_INTER_SPACE, INTRA_SAME_SPACE};
use comfy_table::Table;

const LEGEND: [&str; 4] = [
    "user, kernel: instructions, stubs are user; loads to I/O: the kernel's alone, CPUs added",
    "data, code: different cache lines of 64 bytes; pages: different ones of 4 KiB, each after its lines",
    "lock: atomic instructions; CR3, INV, MSR, I/O: writes of CR3, INVLPG, WRMSR, port instructions",
    "not seen: walks of page tables, and what the processor stores when it takes an interrupt",
];

/// Draws two tables: round trips, and messages inside a CPU one way, which are visits to the kernel.
pub fn render(accounts: &[Account]) -> String {
    let mut trips = table("round trip");
    let mut last = "";
    for account in accounts {
        if !last.is_empty() && block(&account.id) != block(last) {
            trips.add_row([""]);
        }
        let user = Some(account.user.instructions);
        add(
            &mut trips,
            account,
            account.id != last,
            user,
            account.kernel,
        );
        last = &account.id;
    }
    let mut visits = table("one message");
    last = "";
    let is_inside =
        |account: &&Account| [INTRA_INTER_SPACE, INTRA_SAME_SPACE].contains(&&*account.id);
    for account in accounts.iter().filter(is_inside) {
        add(
            &mut visits,
            account,
            account.id != last,
            None,
            account.visit,
        );
        last = &account.id;
    }
    format!(
        "What a round trip does and touches, and of it the kernel for one message alone, from entry to exit\n\n{}\n\n{}\n\n{}",
        drawn(trips),
        drawn(visits),
        LEGEND.join("\n")
    )
}

fn table(title: &str) -> Table {
    plain([
        title, "words", "user", "kernel", "loads", "stores", "data", "pages", "code", "pages",
        "lock", "CR3", "INV", "MSR", "I/O",
    ])
}

fn add(table: &mut Table, account: &Account, first: bool, user: Option<u64>, kernel: Counts) {
    let own = if first {
        name(&account.id)
    } else {
        String::new()
    };
    let optional = |value: Option<u64>| value.map_or_else(String::new, |value| value.to_string());
    let figures = [
        kernel.instructions,
        kernel.loads,
        kernel.stores,
        kernel.data_lines,
        kernel.data_pages,
        kernel.code_lines,
        kernel.code_pages,
        kernel.locked,
        kernel.cr3_writes,
        kernel.invlpg,
        kernel.msr_writes,
        kernel.port_io,
    ];
    let mut cells = vec![own, optional(account.words.map(u64::from)), optional(user)];
    cells.extend(figures.map(|figure| figure.to_string()));
    table.add_row(right(cells));
}

fn drawn(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((u16::from(column.index > 0), 0));
    }
    lines(&table)
}

#[cfg(test)]
mod tests {
    use super::render;
    use crate::accounting::{Account, Counts};

    #[test]
    fn fits_the_terminal_and_every_figure_stands_in_its_column() {
        let kernel = Counts {
            instructions: 131_733,
            loads: 131_268,
            stores: 131_208,
            data_lines: 32_810,
            data_pages: 10_528,
            code_lines: 10_069,
            code_pages: 10_007,
            locked: 999,
            cr3_writes: 11,
            invlpg: 12,
            msr_writes: 13,
            system_calls: 0,
            port_io: 14,
        };
        let account = Account {
            id: "ipc.intra.inter-space".into(),
            words: Some(63),
            user: Counts {
                instructions: 131_184,
                ..Counts::default()
            },
            kernel,
            visits: 2,
            visit: kernel,
            cpus: Vec::new(),
            footprint: Vec::new(),
        };
        let other = Account {
            id: "ipc.inter.busy".into(),
            ..account.clone()
        };
        let text = render(&[account, other]);
        for line in text.lines() {
            assert!(line.chars().count() <= 100, "{line}");
        }
        let figures = "131733 131268 131208 32810 10528 10069 10007 999 11 12 13 14";
        let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        let lines: Vec<String> = text.lines().map(squeezed).collect();
        assert!(lines.contains(&format!("one CPU, two spaces 63 131184 {figures}")));
        assert!(lines.contains(&format!("one CPU, two spaces 63 {figures}")));
        assert!(lines.contains(&format!("two CPUs, target busy 63 131184 {figures}")));
        assert!(!lines.contains(&format!("two CPUs, target busy 63 {figures}")));
    }
}
