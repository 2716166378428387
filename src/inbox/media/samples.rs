//! The smallest valid files of each type, for tests.

/// Returns a picture without colours; another seed is another file.
pub(crate) fn png(width: u32, height: u32, seed: u8) -> Vec<u8> {
    let chunk = |name: &[u8], data: &[u8]| {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length, name, data, &[0; 4]].concat()
    };
    let size = [width.to_be_bytes(), height.to_be_bytes()].concat();
    let head = chunk(b"IHDR", &[&size[..], &[8, 2, 0, 0, 0]].concat());
    let data = chunk(b"IDAT", &[seed]);
    [b"\x89PNG\r\n\x1a\n".to_vec(), head, data, chunk(b"IEND", b"")].concat()
}

/// Returns a picture without colours.
pub(crate) fn jpg(width: u16, height: u16) -> Vec<u8> {
    let size = [height.to_be_bytes(), width.to_be_bytes()].concat();
    let frame = [b"\xff\xc0\0\x0b\x08", &size[..], b"\x01\x01\x11\0"].concat();
    let scan = b"\xff\xda\0\x08\x01\x01\0\0\x3f\0\x12\xff\0\x34\xff\xd0\x56";
    [b"\xff\xd8\xff\xe0\0\x04JF", &frame[..], scan, b"\xff\xd9"].concat()
}

/// Returns a recording of silence.
pub(crate) fn mp3(seconds: usize) -> Vec<u8> {
    // 32 kbit/s at 44,100 Hz: 104 bytes last 26.122 ms.
    let frame = [b"\xff\xfb\x10\xc4", &[0; 100][..]].concat();
    frame.repeat(seconds * 1_000_000 / 26_122)
}

/// Returns a film that holds these bytes.
pub(crate) fn mp4(pictures: &[u8]) -> Vec<u8> {
    let head = part(b"mvhd", &[&[0; 16][..], &[0, 0, 3, 232], &[0; 80]].concat());
    let handler = part(b"hdlr", b"\0\0\0\0\0\0\0\0vide\0\0\0\0");
    let track = part(b"trak", &part(b"mdia", &handler));
    let contents = part(b"moov", &[head, track].concat());
    [part(b"ftyp", b"isom\0\0\x02\0isommp42"), contents, part(b"mdat", pictures)].concat()
}

/// Returns a box of an mp4.
pub(crate) fn part(kind: &[u8], body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(8 + body.len()).unwrap().to_be_bytes();
    [&length, kind, body].concat()
}
