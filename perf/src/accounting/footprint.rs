//! Which cache lines they are.

use super::{Account, Line};
use crate::names::with_words;
use pecan_vm::names::Names;
use std::fmt::Write;

/// The lines that the kernel touched in its first visits, each with who touched it: an instruction, the offset in the line, the
/// bytes, and whether it loads or stores.
pub fn describe(account: &Account, names: &Names) -> String {
    let mut text = with_words(&account.id, account.words) + "\n";
    let lines = &account.footprint;
    let last = lines.iter().map(|line| line.visit).max().unwrap_or(0);
    for visit in 1..=last {
        let of_visit = || lines.iter().filter(move |line| line.visit == visit);
        let count = |is_data: bool| {
            of_visit()
                .filter(|line| line.physical.is_some() == is_data)
                .count()
        };
        text += &format!(
            "\n  visit {visit}: {} data lines, {} code lines\n",
            count(true),
            count(false)
        );
        for line in of_visit() {
            text += &one(line, names);
        }
    }
    text
}

fn one(line: &Line, names: &Names) -> String {
    let place = |address| names.at(address).unwrap_or_default();
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = match line.physical {
        Some(physical) => writeln!(
            text,
            "    data {:016x} (physical {physical:x}) {}",
            line.address,
            place(line.address)
        ),
        None => writeln!(
            text,
            "    code {:016x} {:2} instructions, from {}",
            line.address,
            line.uses.len(),
            line.uses
                .first()
                .map_or_else(String::new, |touch| place(touch.instruction))
        ),
    };
    for touch in line.uses.iter().filter(|_| line.physical.is_some()) {
        let _ = writeln!(
            text,
            "      +{:2} {:2} bytes {} by {:x} {}",
            touch.offset,
            touch.bytes,
            if touch.store { "stored" } else { "loaded" },
            touch.instruction,
            place(touch.instruction)
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::one;
    use crate::accounting::{Line, Use};
    use pecan_vm::names::Names;
    use std::env::current_exe;

    #[test]
    fn data_names_each_use_and_code_the_first() {
        let names = Names::read(&current_exe().expect("this program")).expect("its symbols");
        let touch = Use {
            instruction: 0xFFFF_8000_0000_1000,
            offset: 8,
            bytes: 4,
            store: true,
        };
        let data = Line {
            visit: 1,
            address: 0xFFFF_8000_0000_2000,
            physical: Some(0x5000),
            uses: vec![touch],
        };
        let text = one(&data, &names);
        assert!(
            text.starts_with("    data ffff800000002000 (physical 5000)"),
            "{text}"
        );
        assert!(
            text.contains("+ 8  4 bytes stored by ffff800000001000"),
            "{text}"
        );
        let code = Line {
            physical: None,
            ..data
        };
        assert_eq!(one(&code, &names).lines().count(), 1);
    }
}
