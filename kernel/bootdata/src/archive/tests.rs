extern crate std;
use super::{Damage, MEMBER_LIMIT, open};
use std::format;
use std::string::String;
use std::vec;
use std::vec::Vec;

fn file(name: &str, data: &[u8]) -> Vec<u8> {
    let mut header = vec![0u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..107].copy_from_slice(b"0000444");
    header[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header.extend_from_slice(data);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

fn archive(manifest: &str, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = file("manifest", manifest.as_bytes());
    files
        .iter()
        .for_each(|(name, data)| bytes.extend(file(name, data)));
    bytes.resize(bytes.len() + 1024, 0);
    bytes
}

fn line(name: &str, data: &[u8]) -> String {
    format!("{name} {} {:08x}\n", data.len(), crc32fast::hash(data))
}

fn good() -> Vec<u8> {
    let big = [7u8; 1500];
    archive(
        &(line("sigma0", b"abc") + &line("root", &big)),
        &[("sigma0", b"abc"), ("root", &big)],
    )
}

#[test]
fn a_good_archive_opens() {
    let bytes = good();
    let members = open(&bytes).expect("good");
    assert_eq!(members.len(), 2);
    assert_eq!((members[0].name, members[0].data), ("sigma0", &b"abc"[..]));
    assert_eq!((members[1].name, members[1].data.len()), ("root", 1500));
}

#[test]
fn each_damage_has_its_name() {
    let a = |manifest: &str, files: &[(&str, &[u8])]| archive(manifest, files);
    let check =
        |bytes: Vec<u8>, damage: Damage<'_>| assert_eq!(open(&bytes).expect_err("damaged"), damage);
    check(vec![], Damage::NotTar);
    check(vec![1; 4096], Damage::NotTar);
    check(good()[..1024].to_vec(), Damage::NotTar);
    check(good()[..good().len() - 512].to_vec(), Damage::NotTar);
    check(vec![0; 2048], Damage::NoManifest);
    check(
        [file("sigma0", b"x"), vec![0; 1024]].concat(),
        Damage::NoManifest,
    );
    check(a("x", &[]), Damage::ManifestLine(1));
    check(
        a(&(line("a", b"1") + "\n"), &[("a", b"1")]),
        Damage::ManifestLine(2),
    );
    check(
        a("a 1 12345678 z\n", &[("a", b"1")]),
        Damage::ManifestLine(1),
    );
    check(a("a 1 123\n", &[("a", b"1")]), Damage::ManifestLine(1));
    check(a(&line("a", b"1"), &[]), Damage::Missing("a"));
    check(a(&line("a", b"1"), &[("b", b"1")]), Damage::Other("a"));
    check(a(&line("a", b"1"), &[("a", b"11")]), Damage::Size("a"));
    check(a(&line("a", b"1"), &[("a", b"2")]), Damage::Sum("a"));
    check(a("", &[("a", b"2")]), Damage::Unlisted);
    let names: Vec<String> = (0..=MEMBER_LIMIT).map(|i| format!("m{i}")).collect();
    let manifest: String = names.iter().map(|name| line(name, b"1")).collect();
    let files: Vec<(&str, &[u8])> = names
        .iter()
        .map(|name| (name.as_str(), &b"1"[..]))
        .collect();
    check(a(&manifest, &files), Damage::TooMany);
}

struct Silent;

impl log::Log for Silent {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        let _ = format!("{}", record.args());
    }
    fn flush(&self) {}
}

/// Every single changed byte is found, and nothing panics, not even in what the parser logs.
#[test]
fn every_flipped_byte_is_found() {
    let _ = log::set_logger(&Silent);
    log::set_max_level(log::LevelFilter::Trace);
    let bytes = good();
    let good = open(&bytes).expect("good");
    for at in 0..bytes.len() {
        for change in [0x01, 0x20, 0x80, 0xff] {
            let mut bad = bytes.clone();
            bad[at] ^= change;
            if at < 512 && !(148..156).contains(&at) {
                assert_eq!(open(&bad), Err(Damage::NotTar), "header byte {at}");
            }
            // Padding behind a file's content may change: nobody reads it.
            if let Ok(members) = open(&bad) {
                assert_eq!(members, good, "byte {at}");
            }
        }
    }
}

#[test]
fn random_damage_never_panics() {
    let bytes = good();
    let mut seed = 1u64;
    let mut random = move || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for _ in 0..5_000 {
        let mut bad = bytes.clone();
        for _ in 0..=random() % 8 {
            let at = random() % bad.len();
            bad[at] = random() as u8;
        }
        bad.truncate(random() % (2 * bytes.len()));
        let _ = open(&bad);
    }
}
