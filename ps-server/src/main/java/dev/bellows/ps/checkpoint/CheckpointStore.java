package dev.bellows.ps.checkpoint;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The checkpoints of one run.
 *
 * <pre>
 *   &lt;root&gt;/step-000400/shard-0.safetensors   values, slot0.. of one element range, float32
 *                      shard-1.safetensors
 *                      rows-0-0.safetensors     some rows of sparse table 0: keys and updates in
 *                                               16-bit digits, rows [n, 1 + slots, width]
 *                      state.json            the driver's state
 *                      manifest.json         written last: lengths, CRC32C, SHA-256 of the others
 * </pre>
 *
 * <p>A checkpoint exists from the moment its manifest is whole and every file agrees with it;
 * anything else in the folder is ignored with a warning. Neither rename nor an up-to-date listing
 * is needed.
 *
 * <p>Writing: {@link #begin}, then {@link #writeShard} once per shard from any process that sees
 * the file system, then {@link #commit} by the driver with what the shards returned, then {@link
 * #retain}. One writer per step; reading may go on meanwhile.
 */
public final class CheckpointStore {

  private static final Logger LOG = LoggerFactory.getLogger(CheckpointStore.class);
  private static final Pattern STEP_FOLDER = Pattern.compile("step-([0-9]{6,18})");
  private static final Pattern OWN_FILE =
      Pattern.compile(
          "shard-[0-9]{1,6}\\.safetensors|rows-[0-9]{1,6}-[0-9]{1,6}\\.safetensors|state\\.json|manifest\\.json");

  private final FolderFiles files;
  private final CheckpointWriter writer;
  private final CheckpointReader reader;
  private final Consumer<String> warnings;
  private final Consumer<String> failpoint;

  /** Opens the checkpoints below {@code files.root()}; creates nothing. Warnings go to the log. */
  public CheckpointStore(FolderFiles files) {
    this(files, LOG::warn, point -> {});
  }

  /**
   * As above.
   *
   * @param warnings gets one sentence for every checkpoint that is ignored, with file and offset
   * @param failpoint is told each write boundary ({@code "shard-0.begin"}, {@code "state.end"},
   *     ...) so that tests can stop the process there
   */
  public CheckpointStore(FolderFiles files, Consumer<String> warnings, Consumer<String> failpoint) {
    this.files = files;
    this.writer = new CheckpointWriter(files, failpoint);
    this.reader = new CheckpointReader(files);
    this.warnings = warnings;
    this.failpoint = failpoint;
  }

  /** Returns the name of a step's folder below the root, such as {@code step-000400}. */
  public static String folder(long step) {
    if (step < 0) {
      throw new IllegalArgumentException("step must be >= 0, found " + step);
    }
    return String.format(Locale.ROOT, "step-%06d", step);
  }

  /**
   * Makes room for a checkpoint of {@code step}: remains of an unfinished or damaged one are
   * removed.
   *
   * @return false when a whole checkpoint of this step stands already; then write nothing
   */
  public boolean begin(long step) throws CheckpointException {
    try {
      if (verify(step).isEmpty()) {
        return false;
      }
      remove(step);
    } catch (IOException e) {
      throw io("cannot clear " + where(step), e);
    }
    failpoint.accept("begin");
    return true;
  }

  /** Writes one shard's file and returns its entry for {@link #commit}. */
  public CheckpointFile writeShard(long step, ShardPart part) throws CheckpointException {
    return writer.writeShard(folder(step), step, part);
  }

  /** Writes some rows of a sparse table and returns their file's entry for {@link #commit}. */
  public CheckpointFile writeRows(long step, RowPart part) throws CheckpointException {
    return writer.writeRows(folder(step), step, part);
  }

  /** Reads the rows of the sparse tables of a checkpoint, part by part; none when it has none. */
  public void readRows(long step, Consumer<RowPart> reader) throws CheckpointException {
    for (CheckpointFile file : this.reader.manifest(folder(step), step).rows()) {
      reader.accept(this.reader.rows(folder(step), file));
    }
  }

  /**
   * Writes the state and then the manifest; when this returns the checkpoint exists.
   *
   * @param step steps applied
   * @param length length of the flat parameter vector; the shards' ranges must cover it once
   * @param slots number of optimiser slots
   * @param shards what {@link #writeShard} and {@link #writeRows} returned, in any order
   * @param state the driver's state: a tree of maps, lists, strings, numbers, booleans and null
   */
  public void commit(
      long step,
      int length,
      int slots,
      List<CheckpointFile> shards,
      Map<String, @Nullable Object> state)
      throws CheckpointException {
    byte[] stateBytes = Json.pretty(state).getBytes(StandardCharsets.UTF_8);
    List<CheckpointFile> entries = new ArrayList<>(shards);
    entries.add(writer.writeBytes(folder(step), Manifest.STATE_NAME, stateBytes));
    Manifest manifest = new Manifest(step, length, slots, entries);
    String problem = manifest.problem();
    if (problem != null) {
      throw new IllegalArgumentException("checkpoint of step " + step + ": " + problem);
    }
    writer.writeBytes(folder(step), Manifest.NAME, manifest.encode());
  }

  /**
   * Removes what an aborted write of a step has left, as far as possible; a whole checkpoint stays.
   */
  public void discardUnfinished(long step) {
    try {
      if (files.lengthBytes(folder(step) + "/" + Manifest.NAME) < 0) {
        remove(step);
      }
    } catch (IOException e) {
      warnings.accept("cannot remove the unfinished checkpoint " + where(step) + ": " + e);
    }
  }

  /**
   * Returns the newest checkpoint that is whole, or empty when there is none. Every newer one that
   * is not is named in a warning.
   *
   * @throws CheckpointException of kind TOO_NEW when a newer release wrote the newest one, IO when
   *     the storage does not answer: both are no reason to go back silently
   */
  public Optional<Checkpoint> latestWhole() throws CheckpointException {
    for (long step : steps()) {
      try {
        return Optional.of(load(step));
      } catch (CheckpointException e) {
        if (e.kind() != CheckpointException.Kind.ABSENT
            && e.kind() != CheckpointException.Kind.CORRUPT) {
          throw e;
        }
        warnings.accept("ignoring checkpoint " + folder(step) + ": " + e.getMessage());
      }
    }
    return Optional.empty();
  }

  /** Loads the checkpoint of one step; the exception says what is wrong with it. */
  public Checkpoint load(long step) throws CheckpointException {
    return reader.load(folder(step), reader.manifest(folder(step), step));
  }

  /** Returns the steps that have a folder, newest first, whole or not. */
  public List<Long> steps() throws CheckpointException {
    List<Long> steps = new ArrayList<>();
    try {
      for (String name : files.list("")) {
        Matcher matcher = STEP_FOLDER.matcher(name);
        if (matcher.matches() && folder(Long.parseLong(matcher.group(1))).equals(name)) {
          steps.add(Long.parseLong(matcher.group(1)));
        }
      }
    } catch (IOException e) {
      throw io("cannot list " + files.root(), e);
    }
    steps.sort(Comparator.reverseOrder());
    return steps.stream().distinct().toList();
  }

  /** Returns the newest step that has a manifest; its files are not read. */
  public OptionalLong newestWritten() throws CheckpointException {
    try {
      for (long step : steps()) {
        if (files.lengthBytes(folder(step) + "/" + Manifest.NAME) > 0) {
          return OptionalLong.of(step);
        }
      }
      return OptionalLong.empty();
    } catch (IOException e) {
      throw io("cannot list " + files.root(), e);
    }
  }

  /**
   * Reads every file of a checkpoint and returns what is wrong, one sentence each; empty when it is
   * whole.
   */
  public List<String> verify(long step) throws CheckpointException {
    List<String> problems = new ArrayList<>();
    String folder = folder(step);
    try {
      Manifest manifest = reader.manifest(folder, step);
      for (CheckpointFile file : manifest.files()) {
        try {
          reader.check(folder, file);
        } catch (CheckpointException e) {
          problems.add(damage(e));
        }
      }
    } catch (CheckpointException e) {
      problems.add(damage(e));
    }
    return problems;
  }

  /**
   * Deletes all but the newest {@code keep} whole checkpoints and the best one, and unfinished ones
   * that are older than the newest whole one. A whole checkpoint is read back before an older one
   * is deleted for it, so at least one whole one always stays.
   *
   * @param keep number of newest whole checkpoints to keep, at least 1
   * @param bestStep step of the best one; it stays beside the newest
   */
  public void retain(int keep, OptionalLong bestStep) throws CheckpointException {
    if (keep < 1) {
      throw new IllegalArgumentException("expected to keep at least 1 checkpoint, found " + keep);
    }
    int whole = 0;
    for (long step : steps()) {
      boolean best = bestStep.isPresent() && bestStep.getAsLong() == step;
      if (whole < keep) {
        List<String> problems = verify(step);
        if (problems.isEmpty()) {
          whole++;
          continue;
        }
        if (whole == 0) {
          continue; // newer than every whole one: somebody may be writing it
        }
      }
      if (!best) {
        failpoint.accept("retain." + step);
        try {
          remove(step);
        } catch (IOException e) {
          throw io("cannot remove the old checkpoint " + where(step), e);
        }
      }
    }
  }

  /** The manifest goes first: what is half removed is no checkpoint. Foreign files stay. */
  private void remove(long step) throws IOException {
    String folder = folder(step);
    files.delete(folder + "/" + Manifest.NAME);
    boolean foreign = false;
    for (String name : files.list(folder)) {
      if (OWN_FILE.matcher(name).matches()) {
        files.delete(folder + "/" + name);
      } else {
        foreign = true;
      }
    }
    if (!foreign) {
      files.delete(folder);
    }
  }

  private static String damage(CheckpointException e) throws CheckpointException {
    if (e.kind() == CheckpointException.Kind.IO) {
      throw e;
    }
    return String.valueOf(e.getMessage());
  }

  private String where(long step) {
    return files.root() + "/" + folder(step);
  }

  private static CheckpointException io(String message, IOException cause) {
    return cause instanceof CheckpointException known
        ? known
        : new CheckpointException(CheckpointException.Kind.IO, message + ": " + cause, cause);
  }
}
