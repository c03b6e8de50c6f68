package dev.bellows.ps.checkpoint;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * {@code manifest.json}: what a checkpoint consists of. Its last key is the CRC32C of its own text
 * without that key, so a changed or cut manifest is noticed like any other file.
 *
 * @param step steps applied
 * @param length length of the flat vector
 * @param slots number of optimiser slots
 * @param files every other file; those with elements cover {@code [0, length)} once
 */
record Manifest(long step, int length, int slots, List<CheckpointFile> files) {

  static final String NAME = "manifest.json";
  static final String STATE_NAME = "state.json";
  static final int VERSION = 2;

  /** What readers of version 1 understand: no rows. */
  private static final int WITHOUT_ROWS = 1;

  private static final String FORMAT = "bellows-checkpoint";
  private static final String SELF_CRC = "crc32c";
  private static final int MAX_BYTES = 64 << 20;
  private static final Json.Limits LIMITS = new Json.Limits(MAX_BYTES, 8, MAX_BYTES, 4_000_000);
  private static final Pattern SHARD_NAME =
      Pattern.compile("shard-(0|[1-9][0-9]{0,5})\\.safetensors");
  private static final Pattern ROWS_NAME =
      Pattern.compile("rows-(0|[1-9][0-9]{0,5})-(0|[1-9][0-9]{0,5})\\.safetensors");
  private static final Pattern SHA256 = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern BLOCK_CRCS = Pattern.compile("([0-9a-f]{8})*");

  Manifest {
    files = List.copyOf(files);
  }

  static String shardName(int shard) {
    return "shard-" + shard + ".safetensors";
  }

  static String rowsName(int table, int part) {
    return "rows-" + table + "-" + part + ".safetensors";
  }

  /** Returns the files that hold rows of sparse tables, by table and part. */
  List<CheckpointFile> rows() {
    return files.stream()
        .filter(file -> ROWS_NAME.matcher(file.name()).matches())
        .sorted(
            Comparator.<CheckpointFile>comparingInt(file -> number(file, 1))
                .thenComparingInt(file -> number(file, 2)))
        .toList();
  }

  private static int number(CheckpointFile file, int place) {
    return Integer.parseInt(file.name().split("[-.]")[place]);
  }

  private boolean hasRows() {
    return files.stream().anyMatch(file -> ROWS_NAME.matcher(file.name()).matches());
  }

  /** Returns the files that hold elements, in the order of their ranges. */
  List<CheckpointFile> shards() {
    return files.stream()
        .filter(file -> !file.name().equals(STATE_NAME))
        .filter(file -> !ROWS_NAME.matcher(file.name()).matches())
        .sorted(Comparator.comparingInt(CheckpointFile::from).thenComparingInt(CheckpointFile::to))
        .toList();
  }

  CheckpointFile state() {
    return files.stream().filter(file -> file.name().equals(STATE_NAME)).findFirst().orElseThrow();
  }

  /** Returns what is wrong with the set of files, or null. */
  @Nullable String problem() {
    if (files.stream().filter(file -> file.name().equals(STATE_NAME)).count() != 1) {
      return "expected " + STATE_NAME + " once";
    }
    if (files.stream().map(CheckpointFile::name).distinct().count() != files.size()) {
      return "a file is named twice";
    }
    int covered = 0;
    for (CheckpointFile file : shards()) {
      if (!SHARD_NAME.matcher(file.name()).matches()) {
        return "unexpected file name";
      }
      if (file.from() == file.to()) {
        continue;
      }
      if (file.from() != covered || file.to() < file.from()) {
        return "the shards must cover elements 0 to "
            + length
            + " once; "
            + file.name()
            + " holds "
            + file.from()
            + " to "
            + file.to()
            + ", expected it to begin at "
            + covered;
      }
      covered = file.to();
    }
    return covered == length ? null : "the shards cover " + covered + " elements of " + length;
  }

  byte[] encode() {
    Map<String, @Nullable Object> tree = tree();
    tree.put(SELF_CRC, selfCrc(tree));
    return Json.pretty(tree).getBytes(StandardCharsets.UTF_8);
  }

  /**
   * Reads a manifest.
   *
   * @param where its path, for messages
   */
  static Manifest decode(byte[] bytes, String where) throws CheckpointException {
    try {
      Map<String, @Nullable Object> tree = Json.object(Json.parse(bytes, where, LIMITS), where);
      Object foundCrc = tree.remove(SELF_CRC);
      if (!FORMAT.equals(tree.get("format"))) {
        throw corrupt(where + ": not a checkpoint manifest");
      }
      long version = Json.integer(tree.get("version"), where + " version");
      if (!selfCrc(tree).equals(foundCrc)) {
        throw corrupt(where + ": its own checksum does not match");
      }
      if (version > VERSION) {
        throw new CheckpointException(
            CheckpointException.Kind.TOO_NEW,
            where
                + ": checkpoint format "
                + version
                + " was written by a newer release, this one reads up to "
                + VERSION
                + "; upgrade Bellows",
            null);
      }
      List<CheckpointFile> files = new ArrayList<>();
      for (Object item : Json.list(tree.get("files"), where + " files")) {
        files.add(file(Json.object(item, where + " files"), where));
      }
      Manifest manifest =
          new Manifest(
              Json.integer(tree.get("step"), where + " step"),
              toInt(tree, "length", where),
              toInt(tree, "slots", where),
              files);
      String problem = manifest.problem();
      if (problem != null) {
        throw corrupt(where + ": " + problem);
      }
      if (!Arrays.equals(bytes, manifest.encode())) {
        throw corrupt(where + ": not byte for byte what was written");
      }
      return manifest;
    } catch (ModelFileException e) {
      throw new CheckpointException(
          CheckpointException.Kind.CORRUPT, String.valueOf(e.getMessage()), e);
    }
  }

  private Map<String, @Nullable Object> tree() {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("format", FORMAT);
    tree.put("version", hasRows() ? VERSION : WITHOUT_ROWS);
    tree.put("step", step);
    tree.put("length", length);
    tree.put("slots", slots);
    List<Object> list = new ArrayList<>();
    for (CheckpointFile file : files) {
      Map<String, @Nullable Object> entry = new LinkedHashMap<>();
      entry.put("name", file.name());
      entry.put("from", file.from());
      entry.put("to", file.to());
      entry.put("bytes", file.lengthBytes());
      entry.put("crc32c", HexFormat.of().toHexDigits(file.crc32c()));
      entry.put("sha256", file.sha256());
      entry.put("block_crc32c", file.blockCrcs());
      list.add(entry);
    }
    tree.put("files", list);
    return tree;
  }

  private static CheckpointFile file(Map<String, @Nullable Object> entry, String where)
      throws CheckpointException, ModelFileException {
    String name = Json.string(entry.get("name"), where + " name");
    long lengthBytes = Json.integer(entry.get("bytes"), where + " bytes");
    String crc = Json.string(entry.get("crc32c"), where + " crc32c");
    String sha256 = Json.string(entry.get("sha256"), where + " sha256");
    String blocks = Json.string(entry.get("block_crc32c"), where + " block_crc32c");
    boolean sound =
        lengthBytes >= 0
            && crc.matches("[0-9a-f]{8}")
            && SHA256.matcher(sha256).matches()
            && BLOCK_CRCS.matcher(blocks).matches();
    if (!sound) {
      throw corrupt(where + ": the entry of a file is malformed");
    }
    return new CheckpointFile(
        name,
        toInt(entry, "from", where),
        toInt(entry, "to", where),
        lengthBytes,
        Integer.parseUnsignedInt(crc, 16),
        sha256,
        blocks);
  }

  private static int toInt(Map<String, @Nullable Object> tree, String key, String where)
      throws CheckpointException, ModelFileException {
    long value = Json.integer(tree.get(key), where + " " + key);
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw corrupt(
          where + ": " + key + " must be in 0.." + Integer.MAX_VALUE + ", found " + value);
    }
    return (int) value;
  }

  private static String selfCrc(Map<String, @Nullable Object> treeWithoutCrc) {
    CRC32C crc = new CRC32C();
    crc.update(Json.pretty(treeWithoutCrc).getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().toHexDigits((int) crc.getValue());
  }

  private static CheckpointException corrupt(String message) {
    return new CheckpointException(CheckpointException.Kind.CORRUPT, message, null);
  }
}
