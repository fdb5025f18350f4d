"""The length of audio, and files that only pretend to have one."""

import io
import random
from contextlib import suppress
from pathlib import Path

import av
import pytest
from PIL import Image

from generations import media_reading
from generations.probing import (
    NotMedia,
    audio_duration_ms,
    video_facts,
    write_poster,
    write_preview,
)
from tests.generations.media_files import refused, write_audio, write_video

# Lengths


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav"])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 7.3])
@pytest.mark.parametrize("rate", [22_050, 48_000])
def test_the_length_of_audio(kind: str, seconds: float, rate: int, tmp_path: Path) -> None:
    path = write_audio(tmp_path / f"a.{kind}", seconds=seconds, rate=rate)
    assert audio_duration_ms(path) == round(seconds * 1000)


def test_an_mp3_of_changing_bit_rate_without_a_header(tmp_path: Path) -> None:
    """Half of it hiss, half of it silence: by its size and first frames it would be far longer."""
    path = write_audio(
        tmp_path / "a.mp3",
        seconds=4,
        muxer={"write_xing": "0", "id3v2_version": "0"},
        encoder={"q": "2", "b": "0"},
    )
    silence = write_audio(tmp_path / "b.mp3", seconds=4, muxer={"write_xing": "0"})
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(path.read_bytes() + silence.read_bytes())
    # Without a header nobody can tell the encoder's padding (two frames at most) from the sound.
    frame_ms = 1152 * 1000 / 44_100
    assert 4000 <= audio_duration_ms(path) <= 4000 + 2 * frame_ms
    assert 8000 <= audio_duration_ms(joined) <= 8000 + 4 * frame_ms


def test_a_wav_whose_header_lies(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", seconds=3)
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    for claimed in (0xFFFFFFFF, 0x7FFFFFFF, len(content) * 2):
        content[at : at + 4] = claimed.to_bytes(4, "little")
        path.write_bytes(content)
        assert audio_duration_ms(path) == 3000


def test_a_flac_whose_header_lies(tmp_path: Path) -> None:
    """STREAMINFO says one sample; the frames say three seconds, and would be played."""
    path = write_audio(tmp_path / "a.flac", seconds=3)
    content = bytearray(path.read_bytes())
    content[21] &= 0xF0
    content[22:26] = (1).to_bytes(4, "big")
    path.write_bytes(content)
    assert audio_duration_ms(path) == 3000


def test_a_truncated_file_counts_for_what_is_there(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", seconds=4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 1990 <= audio_duration_ms(path) <= 2000


def test_an_mp3_with_a_cover_and_rubbish_at_its_end(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.mp3", seconds=2)
    cover = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(cover, "JPEG")
    picture = b"\0image/jpeg\0\x03\0" + cover.getvalue()
    frame = b"APIC" + len(picture).to_bytes(4, "big") + b"\0\0" + picture
    length = len(frame)
    synchsafe = bytes((length >> shift) & 0x7F for shift in (21, 14, 7, 0))
    audio = path.read_bytes()[45:] if path.read_bytes()[:3] == b"ID3" else path.read_bytes()
    path.write_bytes(b"ID3\x03\0\0" + synchsafe + frame + audio + b"TAG".ljust(128, b"\0"))
    assert 2000 <= audio_duration_ms(path) <= 2060


@pytest.mark.parametrize(("nth", "accepted"), [(2, False), (100, True)])
def test_a_damaged_mp3(nth: int, accepted: bool, tmp_path: Path) -> None:
    """A broken frame here and there is skipped, as players do. Half a file is not measured: it
    might count for less than others make of it."""
    path = write_audio(tmp_path / "a.mp3", seconds=4)
    content = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        places = [(packet.pos, packet.size) for packet in container.demux() if packet.size]
    for start, size in places[1::nth]:
        assert start is not None
        content[start + 4 : start + size] = b"\xff" * (size - 4)
    path.write_bytes(content)
    if accepted:
        assert 3900 <= audio_duration_ms(path) <= 4000
    else:
        error = refused(audio_duration_ms, path)
        assert (error.code, error.message) == ("not_media", "The audio is damaged.")


def test_too_long_is_refused_without_reading_on(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", seconds=3, rate=8_000)
    assert audio_duration_ms(path, max_duration_ms=3000) == 3000
    error = refused(audio_duration_ms, path, max_duration_ms=2999)
    assert error.code == "too_long"
    assert error.message == "The audio is longer than 2.999 seconds."


# What is no audio


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100_000,
        b"hello, world\n" * 1000,
        b"<html><audio src=a.mp3></html>",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/a.mp3\n",
        b"ffconcat version 1.0\nfile /etc/passwd\n",
        b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'></MPD>",
        b"RIFF\0\0\0\0WAVEfmt ",
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0data\0\0\0\0",
        b"fLaC\0\0\0\x22" + bytes(34),
        b"fLaC" + b"\xff" * 1000,
        b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + bytes(1000),
        b"\xff\xfb\x90\x64" * 5000,
        random.Random(2).randbytes(200_000),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
    ids=[
        *(
            "nothing",
            "zeros",
            "text",
            "html",
            "hls",
            "m3u",
            "concat",
            "dash",
            "riff",
            "wav",
            "flac",
        ),
        *("flac-ones", "id3", "headers", "noise", "png"),
    ],
)
@pytest.mark.parametrize("name", ["a.mp3", "a.wav", "a.m3u8", "a.ffconcat"])
def test_what_is_no_audio_is_refused(content: bytes, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert refused(audio_duration_ms, path).code in ("not_media", "empty", "no_stream")
    assert refused(video_facts, path).code == "not_media"
    assert refused(write_poster, path, tmp_path / "p.jpg").code == "not_media"
    assert refused(write_preview, path, tmp_path / "p.mp4").code == "not_media"
    assert {entry.name for entry in tmp_path.iterdir()} == {name}


@pytest.mark.parametrize("kind", ["ogg", "mp4"])
def test_audio_of_other_kinds_is_refused(kind: str, tmp_path: Path) -> None:
    path = write_audio(tmp_path / f"a.{kind}", seconds=1, rate=48_000)
    error = refused(audio_duration_ms, path)
    assert (error.code, error.message) == (
        "not_media",
        "The audio must be a flac, mp3 or wav file.",
    )


def test_a_wav_with_an_unlisted_codec_is_refused(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", seconds=1, codec="aac")
    assert refused(audio_duration_ms, path).code == "not_media"
    path = write_audio(tmp_path / "b.wav", seconds=1, codec="adpcm_ima_wav")
    assert 1000 <= audio_duration_ms(path) <= 1100


def test_a_wav_without_samples_is_refused(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", seconds=0.1)
    path.write_bytes(path.read_bytes()[: path.read_bytes().index(b"data") + 4] + bytes(4))
    assert refused(audio_duration_ms, path).code == "empty"


def test_an_absurd_sample_rate_is_refused(tmp_path: Path) -> None:
    path = write_audio(tmp_path / "a.wav", seconds=0.1, rate=384_000)
    assert refused(audio_duration_ms, path).code == "unsupported"


def test_a_file_in_too_many_pieces_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_audio(tmp_path / "a.mp3", seconds=1)
    monkeypatch.setattr(media_reading, "MAX_PACKETS", 10)
    assert refused(audio_duration_ms, path).code == "unsupported"


def test_damaged_files_never_raise_anything_else(tmp_path: Path) -> None:
    """A hundred files with some bytes changed: an answer or `NotMedia`, nothing else."""
    chance = random.Random(3)
    sources = [write_audio(tmp_path / f"a.{kind}", seconds=0.5) for kind in ("mp3", "flac", "wav")]
    sources.append(write_video(tmp_path / "a.mp4", frames=12, size=(64, 48), sound=True))
    target = tmp_path / "damaged"
    for round_number in range(100):
        content = bytearray(sources[round_number % 4].read_bytes())
        for _ in range(chance.choice((1, 5, 50))):
            content[chance.randrange(chance.choice((100, len(content))))] = chance.randrange(256)
        target.write_bytes(content)
        for call in (audio_duration_ms, video_facts):
            with suppress(NotMedia):
                call(target)
        for write in (write_poster, write_preview):
            with suppress(NotMedia):
                write(target, tmp_path / "out")


def test_our_own_faults_are_not_the_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        audio_duration_ms(tmp_path / "none.mp3")
    video = write_video(tmp_path / "a.mp4", frames=3)
    for write in (write_poster, write_preview):
        with pytest.raises(OSError, match="No such file"):
            write(video, tmp_path / "none" / "out")
