package dev.bellows.jobs.train;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.Console;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.block.GivenRows;
import dev.bellows.jobs.config.ConfigLoader;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.checkpoint.CheckpointException;
import dev.bellows.ps.checkpoint.CheckpointStore;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.jspecify.annotations.Nullable;

/**
 * Takes steps of a run again, from the last whole checkpoint at or before the first of them, and
 * compares what the shards note with the ledger of the run. The run's folder is only read: the
 * replay works in a folder of its own, which is deleted.
 */
final class Replay {
  private final SparkSession session;
  private final FolderFiles files;
  private final GivenRows given;
  private final ResumeOptions options;
  private final Console console;

  Replay(
      SparkSession session,
      FolderFiles files,
      GivenRows given,
      ResumeOptions options,
      Console console) {
    this.session = session;
    this.files = files;
    this.given = given;
    this.options = options;
    this.console = console;
  }

  /**
   * Replays.
   *
   * @param range the steps; an open end means the last step of the ledger
   * @param ledger what the run noted
   * @return the first difference, or null when there is none
   * @throws BellowsException exit 2 when the ledger does not have the steps; 3 or 4 when
   *     configuration, kernels or data are not those of the run
   */
  @Nullable String run(StepRange range, Map<Long, LedgerLine> ledger) throws InterruptedException {
    long last = range.to() == Long.MAX_VALUE ? ledger.size() : range.to();
    for (long step = range.from(); step < Math.max(last, range.from() + 1); step++) {
      if (!ledger.containsKey(step)) {
        throw new BellowsException(
            ExitCode.USAGE,
            "--steps: the ledger of " + files.root() + " has no whole line of step " + step);
      }
    }
    Map<String, @Nullable Object> run = RunFolder.readRun(files);
    GivenMark.requireSame(run.get(GivenMark.KEY), given, files.root());
    String yaml = text("config.resolved.yaml");
    RunConfig config =
        given.equals(GivenRows.NONE)
            ? ConfigLoader.parse(yaml, options.sets()).config()
            : ConfigLoader.parseForRows(yaml, options.sets(), null).config();
    if (!config.distributed().consistency().isBsp()) {
      throw new BellowsException(
          ExitCode.CONFIG,
          "--steps: the run was made with distributed.consistency: "
              + config.distributed().consistency()
              + ", whose steps depend on who came first; only those of bsp can be taken again");
    }
    RestorePoint from = checkpointBefore(range.from());
    Map<Long, LedgerLine> lines;
    Path scratch = scratch();
    try (Setup setup = Setup.of(session, config, given)) {
      Map<String, Object> was =
          from == null
              ? Fingerprint.stored(Map.of("fingerprint", run.getOrDefault("fingerprint", Map.of())))
              : Fingerprint.stored(from.state());
      Fingerprint.requireSame(was, setup.fingerprint(), options.allowChange(), files.root());
      steps(setup, scratch, yaml, from, last);
      lines = read(scratch);
    } finally {
      delete(scratch);
    }
    console.section(
        "replay",
        "steps "
            + range.from()
            + " to "
            + (last - 1)
            + " from "
            + (from == null ? "the initial values" : "the checkpoint of step " + from.step())
            + " on "
            + session.sparkContext().master());
    return firstDifference(range.from(), last, ledger, lines);
  }

  private void steps(
      Setup setup, Path scratch, String yaml, @Nullable RestorePoint from, long until)
      throws InterruptedException {
    RunFolder.Options how =
        new RunFolder.Options(yaml, yaml, List.of("verify"), false, false, Clock.systemUTC());
    try (RunFolder folder = RunFolder.create(scratch, how);
        Training training =
            new Training(
                session,
                setup,
                folder,
                console,
                Failpoints.NONE,
                from,
                StopRequest::requested,
                until)) {
      training.run();
      console.progressDone();
    } catch (Stopped stop) {
      throw new BellowsException(stop.exitCode(), "the replay was stopped");
    }
  }

  private @Nullable RestorePoint checkpointBefore(long step) {
    CheckpointStore store =
        new CheckpointStore(files.below("checkpoints"), console::warn, point -> {});
    try {
      for (long at : store.steps()) {
        if (at <= step) {
          try {
            return Checkpoints.point(store, store.load(at));
          } catch (CheckpointException e) {
            console.warn("not from checkpoint " + at + ": " + e.getMessage());
          }
        }
      }
      return null;
    } catch (CheckpointException e) {
      throw new BellowsException(ExitCode.MODEL, String.valueOf(e.getMessage()), e);
    }
  }

  private @Nullable String firstDifference(
      long from, long to, Map<Long, LedgerLine> noted, Map<Long, LedgerLine> replayed) {
    for (long step = from; step < to; step++) {
      LedgerLine was = noted.get(step);
      LedgerLine is = replayed.get(step);
      if (was == null || is == null) {
        return files.root() + "/" + StepLedger.NAME + ": step " + step + " was not taken again";
      }
      for (int i = 0; i < LedgerLine.CELLS.size(); i++) {
        String a = was.cell(i);
        String b = is.cell(i);
        if (!a.equals(b)) {
          return files.root()
              + "/"
              + StepLedger.NAME
              + ": first difference at step "
              + step
              + ": "
              + LedgerLine.CELLS.get(i)
              + " noted "
              + a
              + ", replayed "
              + b;
        }
      }
    }
    return null;
  }

  private Map<Long, LedgerLine> read(Path scratch) {
    Map<Long, LedgerLine> lines = new HashMap<>();
    try (Stream<String> all = Files.lines(scratch.resolve(StepLedger.NAME))) {
      all.skip(1).map(LedgerLine::parse).forEach(line -> lines.put(line.step(), line));
      return lines;
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot read what the replay wrote: " + e.getMessage(), e);
    }
  }

  private String text(String name) {
    try {
      return new String(files.read(name), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.USAGE, "cannot read " + files.root() + "/" + name + ": " + e.getMessage(), e);
    }
  }

  private static Path scratch() {
    try {
      return Files.createTempDirectory("bellows-replay");
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "no folder for the replay: " + e.getMessage(), e);
    }
  }

  private void delete(Path folder) {
    try (Stream<Path> all = Files.walk(folder)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    } catch (IOException e) {
      console.detail("could not delete " + folder + ": " + e.getMessage());
    }
  }
}
