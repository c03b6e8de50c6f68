package dev.bellows.engine.model;

import dev.bellows.engine.model.ModelFileException.Kind;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A trained model on disk.
 *
 * <pre>
 * model.json           format, version, task, network, provenance            strict JSON
 * weights.safetensors  the flat vector, one F32 tensor per segment
 * preprocess.json      the fitted preparation of the input                    strict JSON
 * MODEL_CARD.md        for people
 * SHA256SUMS           written last; `sha256sum -c SHA256SUMS` checks the folder
 * </pre>
 *
 * <p>Only these names are ever opened, and only as plain files with a single name: links are
 * refused, so a folder from elsewhere can't make the reader look outside it. Each file is read once
 * and compared with its sum; nothing in it can name a class.
 */
public final class ModelFolder {
  /** Version of the format; a reader refuses newer ones. */
  public static final int FORMAT_VERSION = 1;

  private static final String FORMAT = "bellows-model";
  private static final String MODEL = "model.json";
  private static final String WEIGHTS = "weights.safetensors";
  private static final String PREPROCESS = "preprocess.json";
  private static final String CARD = "MODEL_CARD.md";
  private static final String SUMS = "SHA256SUMS";
  private static final List<String> SUMMED = List.of(MODEL, WEIGHTS, PREPROCESS, CARD);
  private static final Set<String> MODEL_KEYS =
      Set.of("format", "format_version", "written_by", "task", "network", "provenance");
  private static final int MAX_SUMS_BYTES = 4096;
  private static final int MAX_CARD_BYTES = 4 << 20;

  private final Path folder;
  private final String task;
  private final Map<String, @Nullable Object> network;
  private final Map<String, @Nullable Object> preprocess;
  private final Provenance provenance;
  private final Safetensors.Contents weights;
  private final Map<String, String> sums;

  private ModelFolder(
      Path folder,
      Map<String, @Nullable Object> model,
      Map<String, @Nullable Object> preprocess,
      Safetensors.Contents weights,
      Map<String, String> sums)
      throws ModelFileException {
    String where = folder.resolve(MODEL).toString();
    this.folder = folder;
    this.task = Json.string(model.get("task"), where + " task");
    this.network = Json.object(model.get("network"), where + " network");
    this.provenance =
        Provenance.fromJson(
            Json.object(model.get("provenance"), where + " provenance"), where + " provenance");
    this.preprocess = preprocess;
    this.weights = weights;
    this.sums = sums;
  }

  /**
   * Writes a model; an earlier one in the folder is replaced. Until the sums are there the folder
   * does not count as a model.
   *
   * @throws IOException when the disk does not take it
   */
  public static ModelFolder write(Path folder, ModelContents contents) throws IOException {
    Files.createDirectories(folder);
    Files.deleteIfExists(folder.resolve(SUMS));
    List<Safetensors.Tensor> tensors = new ArrayList<>();
    int at = 0;
    for (WeightSegment segment : contents.segments()) {
      if (segment.offset() != at) {
        throw new IllegalArgumentException(
            "segment %s: expected offset %d, found %d"
                .formatted(segment.name(), at, segment.offset()));
      }
      tensors.add(
          new Safetensors.Tensor(
              segment.name(), segment.shape(), contents.values(), segment.offset()));
      at += segment.length();
    }
    if (at != contents.values().length) {
      throw new IllegalArgumentException(
          "segments: expected %d values, found %d".formatted(contents.values().length, at));
    }
    put(folder, MODEL, Json.pretty(modelTree(contents)));
    Path file = folder.resolve(WEIGHTS);
    Files.deleteIfExists(file); // never write through a link that somebody put there
    Safetensors.write(file, tensors, Map.of("format", FORMAT));
    put(folder, PREPROCESS, Json.pretty(contents.preprocess()));
    put(folder, CARD, contents.card());
    StringBuilder lines = new StringBuilder();
    for (String name : SUMMED) {
      lines.append(sha256(folder.resolve(name))).append("  ").append(name).append('\n');
    }
    Path part = folder.resolve(SUMS + ".part");
    Files.deleteIfExists(part);
    Files.writeString(part, lines, StandardOpenOption.CREATE_NEW);
    Files.move(part, folder.resolve(SUMS), StandardCopyOption.ATOMIC_MOVE);
    return open(folder);
  }

  /**
   * Opens and checks a whole model.
   *
   * @throws ModelFileException naming file and offset when anything is missing, damaged, foreign or
   *     too new
   */
  public static ModelFolder open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new ModelFileException(Kind.MISSING, folder + ": expected a model folder, found none");
    }
    Map<String, String> sums = sums(folder);
    byte[] model = bytes(folder, MODEL, Json.Limits.DEFAULT.maxBytes(), sums);
    Map<String, @Nullable Object> tree = Json.parseObject(model, folder.resolve(MODEL).toString());
    checkVersion(tree, folder.resolve(MODEL).toString());
    byte[] preprocess = bytes(folder, PREPROCESS, Json.Limits.DEFAULT.maxBytes(), sums);
    bytes(folder, CARD, MAX_CARD_BYTES, sums);
    return new ModelFolder(
        folder,
        tree,
        Json.parseObject(preprocess, folder.resolve(PREPROCESS).toString()),
        weights(folder, sums),
        sums);
  }

  /** The folder. */
  public Path path() {
    return folder;
  }

  /** E.g. "classification". */
  public String task() {
    return task;
  }

  /** The structure as written. */
  public Map<String, @Nullable Object> network() {
    return network;
  }

  /** The fitted preparation of the input as written. */
  public Map<String, @Nullable Object> preprocess() {
    return preprocess;
  }

  /** Where the model comes from. */
  public Provenance provenance() {
    return provenance;
  }

  /** The tensors by name. */
  public Safetensors.Contents weights() {
    return weights;
  }

  /** SHA-256 of weights.safetensors, 64 hex digits: what "the same model" means. */
  public String weightsSha256() {
    return java.util.Objects.requireNonNull(sums.get(WEIGHTS));
  }

  /**
   * The flat vector of a layout.
   *
   * @throws ModelFileException when the file's tensors are not exactly the layout's, by name and
   *     shape
   */
  public float[] flat(List<WeightSegment> segments) throws ModelFileException {
    String where = folder.resolve(WEIGHTS).toString();
    Map<String, List<Long>> shapes = new LinkedHashMap<>();
    weights.header().entries().forEach(entry -> shapes.put(entry.name(), entry.shape()));
    int length = 0;
    for (WeightSegment segment : segments) {
      List<Long> expected = new ArrayList<>();
      for (int size : segment.shape()) {
        expected.add((long) size);
      }
      List<Long> found = shapes.remove(segment.name());
      if (!expected.equals(found)) {
        throw ModelFileException.corrupt(
            "%s: tensor \"%s\": the network needs shape %s, found %s"
                .formatted(
                    where, segment.name(), expected, found == null ? "no such tensor" : found));
      }
      length = Math.max(length, Math.addExact(segment.offset(), segment.length()));
    }
    if (!shapes.isEmpty()) {
      throw ModelFileException.corrupt(
          where + ": tensors that the network does not have: " + shapes.keySet());
    }
    float[] flat = new float[length];
    for (WeightSegment segment : segments) {
      System.arraycopy(weights.get(segment.name()), 0, flat, segment.offset(), segment.length());
    }
    return flat;
  }

  private static Map<String, @Nullable Object> modelTree(ModelContents contents) {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("format", FORMAT);
    tree.put("format_version", FORMAT_VERSION);
    tree.put("written_by", Provenance.BELLOWS_VERSION);
    tree.put("task", contents.task());
    tree.put("network", contents.network());
    tree.put("provenance", contents.provenance().toJson());
    return tree;
  }

  private static void checkVersion(Map<String, @Nullable Object> tree, String where)
      throws ModelFileException {
    if (!FORMAT.equals(tree.get("format"))) {
      throw ModelFileException.corrupt(where + ": expected \"format\": \"" + FORMAT + "\"");
    }
    long version = Json.integer(tree.get("format_version"), where + " format_version");
    String writtenBy = Json.string(tree.get("written_by"), where + " written_by");
    if (version > FORMAT_VERSION) {
      throw new ModelFileException(
          Kind.TOO_NEW,
          "%s: written by %s (model format %d), this is %s (format %d); upgrade"
              .formatted(
                  where,
                  writtenBy.replaceAll("[^0-9A-Za-z.+-]", "?"),
                  version,
                  Provenance.BELLOWS_VERSION,
                  FORMAT_VERSION));
    }
    if (version < 1) {
      throw ModelFileException.corrupt(where + ": format_version: expected 1, found " + version);
    }
    if (!tree.keySet().equals(MODEL_KEYS)) {
      throw ModelFileException.corrupt(
          where
              + ": expected the keys "
              + new java.util.TreeSet<>(MODEL_KEYS)
              + ", found "
              + tree.keySet());
    }
  }

  private static Map<String, String> sums(Path folder) throws IOException {
    Path file = plain(folder, SUMS, MAX_SUMS_BYTES);
    List<String> lines = Files.readString(file, StandardCharsets.US_ASCII).lines().toList();
    Map<String, String> sums = new LinkedHashMap<>();
    for (String line : lines) {
      int lineNumber = sums.size() + 1;
      boolean wellFormed = line.matches("[0-9a-f]{64}  [\\x21-\\x7e]{1,80}");
      String name = wellFormed ? line.substring(66) : "";
      if (!SUMMED.contains(name) || sums.put(name, line.substring(0, 64)) != null) {
        throw new ModelFileException(
            Kind.REFUSED,
            "%s:%d: expected a SHA-256, two spaces and one of %s"
                .formatted(file, lineNumber, SUMMED));
      }
    }
    for (String name : SUMMED) {
      if (!sums.containsKey(name)) {
        throw ModelFileException.corrupt(file + ": expected a line for " + name);
      }
    }
    return sums;
  }

  private static byte[] bytes(Path folder, String name, int limit, Map<String, String> sums)
      throws IOException {
    Path file = plain(folder, name, limit);
    byte[] bytes;
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      bytes = in.readNBytes(limit);
    }
    compare(file, hex(digest().digest(bytes)), sums.get(name));
    return bytes;
  }

  private static Safetensors.Contents weights(Path folder, Map<String, String> sums)
      throws IOException {
    Path file = plain(folder, WEIGHTS, Long.MAX_VALUE);
    MessageDigest digest = digest();
    try (InputStream in =
        new DigestInputStream(
            new BufferedInputStream(Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS), 1 << 16),
            digest)) {
      Safetensors.Contents contents = Safetensors.read(in, Files.size(file), file.toString());
      compare(file, hex(digest.digest()), sums.get(WEIGHTS));
      return contents;
    }
  }

  // A plain file with one name, of bounded length. Links of both kinds could show the reader a file
  // of another folder.
  private static Path plain(Path folder, String name, long limit) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
      String hint = name.equals(SUMS) ? "; the model was not written to its end" : "";
      throw new ModelFileException(Kind.MISSING, file + ": expected this file, found none" + hint);
    }
    BasicFileAttributes attributes =
        Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    if (!attributes.isRegularFile()) {
      throw new ModelFileException(
          Kind.REFUSED,
          file + ": expected a plain file, found a link or special file; copy the file itself");
    }
    if (Files.getFileStore(file).supportsFileAttributeView("unix")
        && Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS)
            instanceof Integer links
        && links > 1) {
      throw new ModelFileException(
          Kind.REFUSED,
          "%s: expected a file with one name, found %d hard links; copy the folder"
              .formatted(file, links));
    }
    if (attributes.size() > limit) {
      throw new ModelFileException(
          Kind.REFUSED,
          "%s: expected at most %d bytes, found %d".formatted(file, limit, attributes.size()));
    }
    return file;
  }

  private static void put(Path folder, String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.deleteIfExists(file); // never write through a link that somebody put there
    Files.writeString(file, text, StandardOpenOption.CREATE_NEW);
  }

  private static void compare(Path file, String found, @Nullable String expected)
      throws ModelFileException {
    if (!found.equals(expected)) {
      throw ModelFileException.corrupt(
          "%s: expected SHA-256 %s (of %s), found %s; the file is damaged, copy it again"
              .formatted(file, expected, SUMS, found));
    }
  }

  private static String sha256(Path file) throws IOException {
    MessageDigest digest = digest();
    try (InputStream in = Files.newInputStream(file)) {
      byte[] chunk = new byte[1 << 16];
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        digest.update(chunk, 0, n);
      }
    }
    return hex(digest.digest());
  }

  private static MessageDigest digest() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
