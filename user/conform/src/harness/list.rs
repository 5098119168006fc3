//! All tests, and which of them the command line asks for.

use super::Test;

/// Most tests in one run.
pub(crate) const MOST: usize = 1024;

/// Picks from `groups`, in their order, what `arguments` name: features, ids, or `smp` for what needs several CPUs,
/// separated by spaces; nothing: all. Returns how many there are, and the first argument that names nothing.
pub(crate) fn select<'a>(
    groups: &[&'static [Test]],
    arguments: &'a str,
    chosen: &mut [&'static Test; MOST],
) -> (usize, Option<&'a str>) {
    let mut count = 0;
    let wanted = |test: &Test| {
        let mut names = arguments.split_whitespace().peekable();
        names.peek().is_none() || names.any(|name| names_test(name, test))
    };
    for test in groups.iter().copied().flatten().filter(|test| wanted(test)) {
        chosen[count] = test;
        count += 1;
    }
    let known = |name: &str| {
        groups
            .iter()
            .copied()
            .flatten()
            .any(|test| names_test(name, test))
    };
    (
        count,
        arguments.split_whitespace().find(|name| !known(name)),
    )
}

fn names_test(name: &str, test: &Test) -> bool {
    name == test.id || name == test.feature() || name == "smp" && test.needs_cpus > 1
}
