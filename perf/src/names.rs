//! What rows and lengths are called where people read.

use crate::{
    COPY_MEBIBYTE, INTER_BUSY, INTER_IDLE, INTER_LONG, INTER_PAGE_FAULT, INTER_REGISTERS,
    INTER_UNMAP_PAGE, INTERRUPT_TO_USER, INTRA_INTER_SPACE, INTRA_SAME_SPACE, IPI_ROUND_TRIP, LONG,
    MAP_PAGE, MIGRATE, NULL_SYSCALL, PAGE_FAULT, PAIRS, TICK, TWO_CALLS, UNMAP_PAGE, YIELD_SWITCH,
};

/// A row's name for people.
pub(crate) fn name(id: &str) -> String {
    let length = |bytes: &str| bytes.parse().map_or_else(|_| bytes.to_owned(), size);
    if let Some(bytes) = id.strip_prefix(LONG) {
        return format!("one CPU, {}", length(bytes));
    }
    if let Some(bytes) = id.strip_prefix(INTER_LONG) {
        return format!("two CPUs, {}", length(bytes));
    }
    if let Some(cpus) = id.strip_prefix(PAIRS) {
        return format!("pairs, CPUs used: {cpus}");
    }
    let name = match id {
        INTRA_INTER_SPACE => "one CPU, two spaces",
        INTRA_SAME_SPACE => "one CPU, one space",
        INTER_IDLE => "two CPUs, target idle",
        INTER_BUSY => "two CPUs, target busy",
        NULL_SYSCALL => "null system call",
        IPI_ROUND_TRIP => "bare IPI",
        YIELD_SWITCH => "yield to a thread",
        TWO_CALLS => "send, then receive",
        TICK => "timer tick",
        INTERRUPT_TO_USER => "interrupt to handler",
        PAGE_FAULT => "page fault",
        INTER_PAGE_FAULT => "page fault, two CPUs",
        MAP_PAGE => "map of 4 KiB",
        UNMAP_PAGE => "flush of 4 KiB",
        INTER_UNMAP_PAGE => "flush, two CPUs",
        INTER_REGISTERS => "registers, two CPUs",
        MIGRATE => "move to another CPU",
        COPY_MEBIBYTE => "copy of 1 MiB",
        other => other,
    };
    name.to_owned()
}

/// A row's id or name with the length of its message; budgets go by the one with the id.
pub(crate) fn with_words(name: &str, words: Option<u32>) -> String {
    match words {
        Some(words) => format!("{name}, {words} words"),
        None => name.to_owned(),
    }
}

/// A length in bytes.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        bytes if bytes >= 1 << 20 && bytes % (1 << 20) == 0 => format!("{} MiB", bytes >> 20),
        bytes if bytes >= 1 << 10 && bytes % (1 << 10) == 0 => format!("{} KiB", bytes >> 10),
        bytes => format!("{bytes} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::{name, size, with_words};

    #[test]
    fn lengths_have_units() {
        assert_eq!(
            [512, 4096, 5000, 1 << 20].map(size),
            ["512 B", "4 KiB", "5000 B", "1 MiB"]
        );
        assert_eq!(name("ipc.inter.long.65536"), "two CPUs, 64 KiB");
        assert_eq!(name("ipc.long.some"), "one CPU, some");
    }

    #[test]
    fn words_follow_where_there_are_some() {
        assert_eq!(with_words("a", Some(0)), "a, 0 words");
        assert_eq!(with_words("a", None), "a");
    }
}
