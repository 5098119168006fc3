//! What Pecan's programs print for machines to read: lines that begin with a word in brackets.

/// A line that means something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report<'a> {
    /// `[boot] all N CPUs run user threads`
    AllCpus(u32),
    /// `[boot] only N of M CPUs reported ...`: the root task waits no longer.
    SomeCpus(&'a str),
    /// `[plan] ID ID ...`: tests that the program is about to run.
    Plan(Vec<&'a str>),
    /// `[test] ID ok`, `[test] ID FAIL reason`, `[test] ID skip reason`
    Test(&'a str, Verdict<'a>),
    /// `[progress] k/n text`
    Progress(u64, u64, &'a str),
    /// `[bench] {json}`
    Bench(&'a str),
    /// `[stress] {json}`
    Stress(&'a str),
    /// `[fail] text`
    Fail(&'a str),
    /// `[done] text`
    Done(&'a str),
    /// `[panic] text` with the first line of a kernel's panic report.
    Panic(&'a str),
}

/// How a test ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<'a> {
    /// It did what it should.
    Ok,
    /// It did not, and why.
    Fail(&'a str),
    /// It did not run, and why.
    Skip(&'a str),
}

/// Reads a line; most lines are for people and mean nothing here.
pub fn read(line: &str) -> Option<Report<'_>> {
    let (word, rest) = line.strip_prefix('[')?.split_once(']')?;
    let rest = rest.trim();
    match word {
        "boot" if rest.starts_with("only ") => Some(Report::SomeCpus(rest)),
        "boot" => {
            let number = rest
                .strip_prefix("all ")?
                .strip_suffix(" CPUs run user threads")?;
            Some(Report::AllCpus(number.parse().ok()?))
        }
        "plan" => Some(Report::Plan(rest.split_whitespace().collect())),
        "test" => test(rest),
        "progress" => progress(rest),
        "bench" => Some(Report::Bench(rest)),
        "stress" => Some(Report::Stress(rest)),
        "fail" => Some(Report::Fail(rest)),
        "done" => Some(Report::Done(rest)),
        "panic" if rest.starts_with("cpu ") => Some(Report::Panic(rest)),
        _ => None,
    }
}

fn test(rest: &str) -> Option<Report<'_>> {
    let (id, verdict) = rest.split_once(' ')?;
    let (word, reason) = verdict
        .split_once(' ')
        .unwrap_or((verdict, "no reason given"));
    let verdict = match word {
        "ok" => Verdict::Ok,
        "FAIL" => Verdict::Fail(reason),
        "skip" => Verdict::Skip(reason),
        _ => return None,
    };
    Some(Report::Test(id, verdict))
}

fn progress(rest: &str) -> Option<Report<'_>> {
    let (count, text) = rest.split_once(' ').unwrap_or((rest, ""));
    let (done, total) = count.split_once('/')?;
    Some(Report::Progress(
        done.parse().ok()?,
        total.parse().ok()?,
        text,
    ))
}

/// The address in a line `[backtrace] 0x...` of a panic report.
pub fn backtrace_address(line: &str) -> Option<u64> {
    let digits = line
        .strip_prefix("[backtrace] 0x")?
        .split_whitespace()
        .next()?;
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::{Report, Verdict, backtrace_address, read};

    #[test]
    fn lines_with_a_meaning() {
        assert_eq!(
            read("[boot] all 64 CPUs run user threads"),
            Some(Report::AllCpus(64))
        );
        assert_eq!(
            read("[boot] only 1 of 2 CPUs reported"),
            Some(Report::SomeCpus("only 1 of 2 CPUs reported"))
        );
        assert_eq!(
            read("[plan] IPC0001 PF0003"),
            Some(Report::Plan(vec!["IPC0001", "PF0003"]))
        );
        assert_eq!(
            read("[test] IPC0001 ok"),
            Some(Report::Test("IPC0001", Verdict::Ok))
        );
        assert_eq!(
            read("[test] A FAIL 1 is not 2"),
            Some(Report::Test("A", Verdict::Fail("1 is not 2")))
        );
        assert_eq!(
            read("[test] A skip one CPU"),
            Some(Report::Test("A", Verdict::Skip("one CPU")))
        );
        assert_eq!(
            read("[progress] 3/27 idle, 8 words"),
            Some(Report::Progress(3, 27, "idle, 8 words"))
        );
        assert_eq!(read("[bench] {}"), Some(Report::Bench("{}")));
        assert_eq!(
            read("[done] 7 tests 0 failed"),
            Some(Report::Done("7 tests 0 failed"))
        );
        assert_eq!(
            read("[panic] cpu 1 thread 0 at a"),
            Some(Report::Panic("cpu 1 thread 0 at a"))
        );
    }

    #[test]
    fn lines_without_one() {
        for line in [
            "",
            "[cpu0] INFO boot: ready",
            "[boot] cpu 1 runs thread 4001",
            "[boot] all x CPUs run user threads",
            "[test] IPC0001",
            "[test] IPC0001 maybe",
            "[progress] soon",
            "[panic] rip=0",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }

    #[test]
    fn addresses() {
        assert_eq!(
            backtrace_address("[backtrace] 0xffffffff80201234"),
            Some(0xffff_ffff_8020_1234)
        );
        assert_eq!(backtrace_address("[backtrace] none"), None);
        assert_eq!(backtrace_address("0x10"), None);
    }
}
