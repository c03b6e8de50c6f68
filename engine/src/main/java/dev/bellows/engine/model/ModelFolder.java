package dev.bellows.engine.model;

import dev.bellows.engine.model.ModelFileException.Kind;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
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
 * A trained model on disk, or on any other file system that {@link FolderFiles} stands for.
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
  private static final int BUFFER_BYTES = 1 << 16;

  private final FolderFiles files;
  private final String task;
  private final Map<String, @Nullable Object> network;
  private final Map<String, @Nullable Object> preprocess;
  private final Provenance provenance;
  private final Safetensors.Contents weights;
  private final Map<String, String> sums;

  private ModelFolder(
      FolderFiles files,
      Map<String, @Nullable Object> model,
      Map<String, @Nullable Object> preprocess,
      Safetensors.Contents weights,
      Map<String, String> sums)
      throws ModelFileException {
    String where = where(files, MODEL);
    this.files = files;
    this.task = Json.string(model.get("task"), where + " task");
    this.network = Json.object(model.get("network"), where + " network");
    this.provenance =
        Provenance.fromJson(
            Json.object(model.get("provenance"), where + " provenance"), where + " provenance");
    this.preprocess = preprocess;
    this.weights = weights;
    this.sums = sums;
  }

  /** Writes a model to the local disk; see {@link #write(FolderFiles, ModelContents)}. */
  public static ModelFolder write(Path folder, ModelContents contents) throws IOException {
    return write(new NioFiles(folder), contents);
  }

  /**
   * Writes a model; an earlier one in the folder is replaced. Until the sums are there the folder
   * does not count as a model. What was written is read back and checked.
   *
   * @throws IOException when the disk does not take it
   */
  public static ModelFolder write(FolderFiles files, ModelContents contents) throws IOException {
    files.createFolders("");
    files.delete(SUMS);
    StringBuilder lines = new StringBuilder();
    try {
      writeSummed(files, contents, lines);
    } catch (IOException e) {
      removeTorn(files);
      throw e;
    }
    files.replace(SUMS, utf8(lines.toString()));
    return open(files);
  }

  /** Writes all files but the sums, whose lines it gathers. */
  private static void writeSummed(FolderFiles files, ModelContents contents, StringBuilder lines)
      throws IOException {
    List<Safetensors.Tensor> tensors = tensors(contents);
    for (String name : SUMMED) {
      files.delete(name); // never write through a link that somebody put there
      MessageDigest digest = digest();
      try (OutputStream out =
          new BufferedOutputStream(
              new DigestOutputStream(files.create(name), digest), BUFFER_BYTES)) {
        switch (name) {
          case MODEL -> out.write(utf8(Json.pretty(modelTree(contents))));
          case WEIGHTS -> Safetensors.write(out, tensors, Map.of("format", FORMAT));
          case PREPROCESS -> out.write(utf8(Json.pretty(contents.preprocess())));
          default -> out.write(utf8(contents.card()));
        }
      }
      lines.append(hex(digest.digest())).append("  ").append(name).append('\n');
    }
  }

  /** Gives the space of an unfinished model back, so that the run can say how it ended. */
  private static void removeTorn(FolderFiles files) {
    for (String name : SUMMED) {
      try {
        files.delete(name);
      } catch (IOException e) {
        // Without sums it is no model anyway; the next write begins with a removal.
      }
    }
  }

  /** Opens a model on the local disk; see {@link #open(FolderFiles)}. */
  public static ModelFolder open(Path folder) throws IOException {
    return open(new NioFiles(folder));
  }

  /**
   * Opens and checks a whole model.
   *
   * @throws ModelFileException naming file and offset when anything is missing, damaged, foreign or
   *     too new
   */
  public static ModelFolder open(FolderFiles files) throws IOException {
    if (!files.isFolder("")) {
      throw new ModelFileException(
          Kind.MISSING, files.root() + ": expected a model folder, found none");
    }
    Map<String, String> sums = sums(files);
    byte[] model = bytes(files, MODEL, Json.Limits.DEFAULT.maxBytes(), sums);
    Map<String, @Nullable Object> tree = Json.parseObject(model, where(files, MODEL));
    checkVersion(tree, where(files, MODEL));
    byte[] preprocess = bytes(files, PREPROCESS, Json.Limits.DEFAULT.maxBytes(), sums);
    bytes(files, CARD, MAX_CARD_BYTES, sums);
    return new ModelFolder(
        files,
        tree,
        Json.parseObject(preprocess, where(files, PREPROCESS)),
        weights(files, sums),
        sums);
  }

  /**
   * Compares every file of a model with its sum, and then what they say with each other.
   *
   * @return what is wrong, one sentence each that names the file; empty when the model is whole
   */
  public static List<String> damage(FolderFiles files) {
    List<String> found = new ArrayList<>();
    try {
      Map<String, String> sums = sums(files);
      for (String name : SUMMED) {
        MessageDigest digest = digest();
        try (InputStream in = new DigestInputStream(plain(files, name, Long.MAX_VALUE), digest)) {
          in.transferTo(OutputStream.nullOutputStream());
          compare(where(files, name), hex(digest.digest()), sums.get(name));
        } catch (IOException e) {
          found.add(String.valueOf(e.getMessage()));
        }
      }
      if (found.isEmpty()) {
        open(files);
      }
    } catch (IOException e) {
      found.add(String.valueOf(e.getMessage()));
    }
    return found;
  }

  private static List<Safetensors.Tensor> tensors(ModelContents contents) {
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
    return tensors;
  }

  /** The folder, for messages. */
  public String root() {
    return files.root();
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
    String where = where(files, WEIGHTS);
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

  private static Map<String, String> sums(FolderFiles files) throws IOException {
    String where = where(files, SUMS);
    List<String> lines;
    try (InputStream in = plain(files, SUMS, MAX_SUMS_BYTES)) {
      lines = new String(in.readNBytes(MAX_SUMS_BYTES), StandardCharsets.UTF_8).lines().toList();
    }
    Map<String, String> sums = new LinkedHashMap<>();
    for (String line : lines) {
      int lineNumber = sums.size() + 1;
      boolean wellFormed = line.matches("[0-9a-f]{64}  [\\x21-\\x7e]{1,80}");
      String name = wellFormed ? line.substring(66) : "";
      if (!SUMMED.contains(name) || sums.put(name, line.substring(0, 64)) != null) {
        throw new ModelFileException(
            Kind.REFUSED,
            "%s:%d: expected a SHA-256, two spaces and one of %s"
                .formatted(where, lineNumber, SUMMED));
      }
    }
    for (String name : SUMMED) {
      if (!sums.containsKey(name)) {
        throw ModelFileException.corrupt(where + ": expected a line for " + name);
      }
    }
    return sums;
  }

  private static byte[] bytes(FolderFiles files, String name, int limit, Map<String, String> sums)
      throws IOException {
    byte[] bytes;
    try (InputStream in = plain(files, name, limit)) {
      bytes = in.readNBytes(limit);
    }
    compare(where(files, name), hex(digest().digest(bytes)), sums.get(name));
    return bytes;
  }

  private static Safetensors.Contents weights(FolderFiles files, Map<String, String> sums)
      throws IOException {
    String where = where(files, WEIGHTS);
    MessageDigest digest = digest();
    try (InputStream in =
        new DigestInputStream(
            new BufferedInputStream(plain(files, WEIGHTS, Long.MAX_VALUE), BUFFER_BYTES), digest)) {
      Safetensors.Contents contents = Safetensors.read(in, files.lengthBytes(WEIGHTS), where);
      compare(where, hex(digest.digest()), sums.get(WEIGHTS));
      return contents;
    }
  }

  /** A plain file of bounded length; links could show the reader a file of another folder. */
  private static InputStream plain(FolderFiles files, String name, long limit) throws IOException {
    InputStream in;
    try {
      in = files.openPlain(name);
    } catch (FileNotFoundException e) {
      String hint = name.equals(SUMS) ? "; the model was not written to its end" : "";
      throw new ModelFileException(
          Kind.MISSING, where(files, name) + ": expected this file, found none" + hint);
    }
    long length = files.lengthBytes(name);
    if (length > limit) {
      in.close();
      throw new ModelFileException(
          Kind.REFUSED,
          "%s: expected at most %d bytes, found %d".formatted(where(files, name), limit, length));
    }
    return in;
  }

  private static void compare(String where, String found, @Nullable String expected)
      throws ModelFileException {
    if (!found.equals(expected)) {
      throw ModelFileException.corrupt(
          "%s: expected SHA-256 %s (of %s), found %s; the file is damaged, copy it again"
              .formatted(where, expected, SUMS, found));
    }
  }

  private static String where(FolderFiles files, String name) {
    return files.root() + "/" + name;
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
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
