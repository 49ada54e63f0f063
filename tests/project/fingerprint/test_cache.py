from crosstie.project.fingerprint.cache import LIMIT, Cache


def test_what_was_put_is_there_after_saving(tmp_path):
    file = tmp_path / ".crosstie" / "cache.json"
    cache = Cache(file)
    cache.put("files", "a", [1, "x"])
    assert Cache(file).get("files", "a") is None
    cache.save()
    assert Cache(file).get("files", "a") == [1, "x"]
    assert Cache(file).get("files", "b") is None
    assert repr(Cache(file)) == "Cache(1 files)"


def test_a_file_is_written_only_when_something_changed(tmp_path):
    file = tmp_path / "cache.json"
    cache = Cache(file)
    cache.get("files", "a")
    cache.save()
    assert not file.exists()


def test_what_nobody_asked_for_goes_when_there_is_too_much_of_it(tmp_path):
    file = tmp_path / "cache.json"
    cache = Cache(file)
    for place in range(LIMIT + 10):
        cache.put("files", f"old {place}", place)
    cache.save()
    cache = Cache(file)
    assert cache.get("files", "old 0") == 0
    cache.put("files", "new", 1)
    cache.save()
    kept = Cache(file)
    assert [kept.get("files", f"old {place}") for place in (0, 1, 9, 10)] == [0, None, None, 10]


def test_a_file_that_is_not_ours_is_begun_anew(tmp_path):
    for text in ("", "[1]", '{"format": 0, "sections": {}}', '{"format": 1, "sections": [3]}'):
        (tmp_path / "cache.json").write_text(text)
        cache = Cache(tmp_path / "cache.json")
        assert cache.get("files", "a") is None
        assert repr(cache) == "Cache(empty)"
