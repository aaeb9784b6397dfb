use super::*;

fn write(files: &SimFiles, path: &str, bytes: &[u8], synced: bool) -> Arc<dyn WriteFile> {
    let file = files.create(path).unwrap();
    file.append(bytes).unwrap();
    if synced {
        file.sync().unwrap();
        files.sync_dir("").unwrap();
    }
    file
}

#[test]
fn synced_bytes_survive_every_power_cut() {
    for seed in 0..50 {
        let files = SimFiles::new(seed);
        let file = write(&files, "a", b"hello", true);
        file.append(&[7; 3000]).unwrap();
        files.restart(Restart::PowerCut);
        let bytes = files.read_all("a", 1 << 20).unwrap();
        assert!(bytes.starts_with(b"hello"), "seed {seed}");
        assert!(file.append(b"x").is_err(), "handles of an earlier life are dead");
    }
}

#[test]
fn unsynced_bytes_are_lost_kept_and_torn() {
    let (mut none, mut all, mut torn) = (0, 0, 0);
    for seed in 0..200 {
        let files = SimFiles::new(seed);
        let file = write(&files, "a", b"", true);
        file.append(&[7; 2048]).unwrap();
        files.restart(Restart::PowerCut);
        let bytes = files.read_all("a", 1 << 20).unwrap();
        match bytes.iter().filter(|b| **b == 7).count() {
            0 => none += 1,
            2048 => all += 1,
            _ => torn += 1,
        }
    }
    assert!(none > 0 && all > 0 && torn > 0, "{none} {all} {torn}");
}

#[test]
fn a_kill_loses_nothing_and_frees_the_lock() {
    let files = SimFiles::new(3);
    let lock = files.lock().unwrap();
    assert_eq!(files.lock().err().unwrap().kind, Kind::Locked);
    write(&files, "a", b"hello", false);
    files.restart(Restart::Kill);
    assert_eq!(files.read_all("a", 10).unwrap(), b"hello");
    let again = files.lock().unwrap();
    drop(lock);
    assert!(files.lock().is_err(), "a lock of an earlier life frees nothing");
    drop(again);
    assert!(files.lock().is_ok());
}

#[test]
fn names_need_a_directory_sync() {
    let mut gone = 0;
    for seed in 0..50 {
        let files = SimFiles::new(seed);
        write(&files, "a", b"x", false).sync().unwrap();
        files.restart(Restart::PowerCut);
        match files.len_of("a").unwrap() {
            None => gone += 1,
            Some(len) => assert_eq!(len, 1),
        }
    }
    assert!(gone > 5);
}

#[test]
fn a_failed_sync_poisons_the_file() {
    let files = SimFiles::new(5);
    let file = write(&files, "a", b"x", true);
    files.fail_syncs(1, 1);
    file.append(b"y").unwrap();
    assert_eq!(file.sync().unwrap_err().kind, Kind::SyncFailed);
    assert_eq!(file.sync().unwrap_err().kind, Kind::SyncFailed);
    assert_eq!(file.append(b"z").unwrap_err().kind, Kind::SyncFailed);
    assert_eq!(files.read_all("a", 10).unwrap(), b"xy", "reads go on");
}

#[test]
fn a_full_disk_takes_nothing_of_an_append() {
    let files = SimFiles::new(6);
    files.set_capacity(Some(4));
    let file = write(&files, "a", b"abc", true);
    assert_eq!(file.append(b"de").unwrap_err().kind, Kind::DiskFull);
    assert_eq!(file.len(), 3);
    files.set_capacity(Some(8));
    assert_eq!(file.append(b"de").unwrap(), 3);
}

#[test]
fn the_machine_stops_at_the_chosen_operation() {
    for at in 1..=4 {
        let files = SimFiles::new(at);
        files.crash_after(Some(at));
        let steps = || -> Result<()> {
            let file = files.create("a")?;
            file.append(b"x")?;
            file.sync()?;
            files.sync_dir("")
        };
        assert_eq!(steps().unwrap_err().kind, Kind::Crashed);
        assert!(files.crashed());
        assert!(files.list("").is_err());
        files.restart(Restart::PowerCut);
        assert!(files.list("").is_ok());
    }
}

#[test]
fn directories_are_listed_and_only_removed_when_empty() {
    let files = SimFiles::new(1);
    files.make_dir("s/t").unwrap();
    files.create("s/t/a").unwrap();
    let names: Vec<_> = files.list("s").unwrap().into_iter().map(|e| (e.name, e.is_dir)).collect();
    assert_eq!(names, [("t".to_string(), true)]);
    assert!(files.remove("s/t").is_err());
    files.remove("s/t/a").unwrap();
    files.remove("s/t").unwrap();
    assert_eq!(files.create("s/t/b").err().unwrap().kind, Kind::NotFound);
    assert_eq!(files.create("../b").err().unwrap().kind, Kind::BadPath);
}

#[test]
fn a_directory_that_is_there_is_made_durable_all_the_same() {
    for seed in 0..40 {
        let files = SimFiles::new(seed);
        files.crash_after(Some(2));
        assert!(files.make_dir("s").is_err());
        files.restart(Restart::Kill);
        files.make_dir("s").unwrap();
        files.restart(Restart::PowerCut);
        assert!(files.list("s").is_ok(), "seed {seed}");
    }
}
