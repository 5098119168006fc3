//! What an archive looks like to somebody who reads it with another implementation.

use pecan_image::{Image, PackError};
use std::io::Read;

fn members(archive: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in tar::Archive::new(archive).entries().expect("an archive") {
        let mut entry = entry.expect("a member");
        let name = entry.path().expect("a path").to_string_lossy().into_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).expect("content");
        found.push((name, content));
    }
    found
}

#[test]
fn members_come_in_order_and_unchanged() {
    let mut image = Image::of(vec![1; 700], vec![2; 512]).expect("two programs");
    image.add("zeta", vec![3; 1]).expect("a module");
    image.add("alpha", vec![4; 513]).expect("a module");
    let found = members(&image.pack().expect("an archive"));
    let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["manifest", "sigma0", "root", "zeta", "alpha"]);
    assert_eq!(found[1].1, vec![1; 700]);
    assert_eq!(found[4].1, vec![4; 513]);
}

#[test]
fn manifest_has_sizes_and_known_checksums() {
    // CRC-32 of "123456789" is the check value that every description of the code gives.
    let image = Image::of(b"123456789".to_vec(), b"a".to_vec()).expect("two programs");
    assert_eq!(image.manifest(), "sigma0 9 cbf43926\nroot 1 e8b7be43\n");
    assert_eq!(
        members(&image.pack().expect("an archive"))[0].1,
        image.manifest().as_bytes()
    );
}

#[test]
fn headers_are_ustar_and_repeat() {
    let image = Image::of(vec![1], vec![2]).expect("two programs");
    let archive = image.pack().expect("an archive");
    assert_eq!(&archive[257..263], b"ustar\0");
    assert_eq!(archive.len() % 512, 0);
    assert_eq!(archive, image.pack().expect("an archive"));
}

#[test]
fn names_that_cannot_be_carried_are_refused() {
    let mut image = Image::of(vec![1], vec![2]).expect("two programs");
    for name in [
        "",
        "two words",
        "a/b",
        "line\nbreak",
        "naïve",
        &"x".repeat(100),
    ] {
        assert!(
            matches!(image.add(name, vec![1]), Err(PackError::Name(_))),
            "{name:?}"
        );
    }
    image
        .add(&"x".repeat(99), vec![1])
        .expect("the longest name");
    let found = members(&image.pack().expect("an archive"));
    assert_eq!(found[3].0.len(), 99);
}

#[test]
fn taken_names_and_empty_files_are_refused() {
    let mut image = Image::of(vec![1], vec![2]).expect("two programs");
    for name in ["manifest", "sigma0", "root"] {
        assert!(
            matches!(image.add(name, vec![1]), Err(PackError::Duplicate(_))),
            "{name}"
        );
    }
    let error = image.add("module", Vec::new()).expect_err("nothing to add");
    assert!(error.to_string().contains("`module` is empty"));
}
