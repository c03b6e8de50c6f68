package dev.bellows.jobs.train;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.ModelFolder;
import dev.bellows.jobs.run.RunFolder;
import dev.bellows.ps.checkpoint.Checkpoint;
import dev.bellows.ps.checkpoint.CheckpointException;
import dev.bellows.ps.checkpoint.CheckpointStore;
import dev.bellows.ps.shard.Crc32c;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Reads all files of a run folder that carry checksums and compares them: the model with its sums,
 * every checkpoint with its manifest, every line of the ledger with its check, and the parameters
 * of the checkpoints with the ledger. Nothing is written and no lease is taken.
 */
final class RunCheck {
  private final FolderFiles files;
  private final List<String> problems = new ArrayList<>();
  private final List<String> facts = new ArrayList<>();
  private final Map<Long, LedgerLine> ledger = new TreeMap<>();

  /** Steps of whole checkpoints, with the CRC32C of their parameters. */
  private final Map<Long, String> checkpoints = new TreeMap<>();

  private RunCheck(FolderFiles files) {
    this.files = files;
  }

  /** Checks a run folder. */
  static RunCheck of(FolderFiles files) {
    RunFolder.requireRun(files);
    Map<String, @Nullable Object> run = RunFolder.readRun(files);
    boolean finished = "finished".equals(run.get("status"));
    RunCheck check = new RunCheck(files);
    check.model(run, finished);
    check.checkpoints(); // before the ledger, which a living run writes first
    check.ledger(run, finished);
    check.crossCheck();
    return check;
  }

  /** What is wrong, one sentence each that names the file; empty when all is whole. */
  List<String> problems() {
    return problems;
  }

  /** What was looked at, for people. */
  List<String> facts() {
    return facts;
  }

  /** The lines of the ledger that are whole, by step. */
  Map<Long, LedgerLine> lines() {
    return ledger;
  }

  private void model(Map<String, @Nullable Object> run, boolean finished) {
    FolderFiles model = files.below("model");
    try {
      if (!model.isFolder("")) {
        if (finished) {
          problems.add(model.root() + ": the run is finished, but there is no model");
        } else {
          facts.add("no model yet");
        }
        return;
      }
      if (!finished && model.lengthBytes("SHA256SUMS") < 0) {
        facts.add("no whole model yet");
        return;
      }
      List<String> damage = ModelFolder.damage(model);
      problems.addAll(damage);
      if (damage.isEmpty()) {
        String sha = ModelFolder.open(model).weightsSha256();
        Object noted = run.get("model_sha256");
        if (noted != null && !noted.equals(sha)) {
          problems.add(
              model.root()
                  + ": run.json notes a model with weights of SHA-256 "
                  + noted
                  + ", found "
                  + sha);
        }
        facts.add("model whole");
      }
    } catch (IOException e) {
      problems.add(model.root() + ": cannot be read: " + e.getMessage());
    }
  }

  private void checkpoints() {
    CheckpointStore store =
        new CheckpointStore(files.below("checkpoints"), warning -> {}, point -> {});
    try {
      for (long step : store.steps()) {
        List<String> damage = new ArrayList<>();
        try {
          damage.addAll(store.verify(step));
          if (damage.isEmpty()) {
            Checkpoint whole = store.load(step);
            float[] values = whole.values();
            checkpoints.put(step, LedgerLine.hex(new Crc32c().of(values, 0, values.length)));
          }
        } catch (CheckpointException e) {
          damage.add(String.valueOf(e.getMessage()));
        }
        problems.addAll(damage);
      }
      facts.add(counted(checkpoints.size(), "checkpoint") + " whole");
    } catch (CheckpointException e) {
      problems.add(String.valueOf(e.getMessage()));
    }
  }

  private void ledger(Map<String, @Nullable Object> run, boolean finished) {
    String where = files.root() + "/" + StepLedger.NAME;
    String text;
    try {
      text = new String(files.read(StepLedger.NAME), StandardCharsets.UTF_8);
    } catch (FileNotFoundException absent) {
      if (finished || !checkpoints.isEmpty()) {
        problems.add(where + ": there is no such file");
      }
      return;
    } catch (IOException e) {
      problems.add(where + ": cannot be read: " + e.getMessage());
      return;
    }
    List<String> lines = text.lines().toList();
    if (lines.isEmpty() || !isHead(lines.get(0))) {
      problems.add(where + ":1: expected the head " + LedgerLine.HEADER);
      return;
    }
    boolean torn = !text.endsWith("\n");
    for (int i = 1; i < lines.size(); i++) {
      try {
        LedgerLine line = LedgerLine.parse(lines.get(i));
        if (line.step() != i - 1) {
          problems.add(
              where + ":" + (i + 1) + ": expected step " + (i - 1) + ", found " + line.step());
          return;
        }
        ledger.put(line.step(), line);
      } catch (IllegalArgumentException e) {
        if (torn && i == lines.size() - 1 && !finished) {
          facts.add("the ledger's last line was not finished");
        } else {
          problems.add(where + ":" + (i + 1) + " (step " + (i - 1) + "): " + e.getMessage());
        }
      }
    }
    if (finished
        && run.get("steps") instanceof Number steps
        && lines.size() - 1 != steps.longValue()) {
      problems.add(
          where + ": the run took " + steps + " steps, the ledger has " + (lines.size() - 1));
    }
    facts.add("ledger of " + counted(ledger.size(), "step"));
  }

  private static boolean isHead(String line) {
    return line.equals(LedgerLine.HEADER) || line.equals(LedgerLine.CODED_HEADER);
  }

  /** The parameters of a checkpoint are those after the step before it. */
  private void crossCheck() {
    int agree = 0;
    for (Map.Entry<Long, String> checkpoint : checkpoints.entrySet()) {
      long step = checkpoint.getKey();
      LedgerLine line = ledger.get(step - 1);
      if (line == null || line.crc().isEmpty()) {
        continue;
      }
      if (line.crc().equals(checkpoint.getValue())) {
        agree++;
      } else {
        problems.add(
            files.root()
                + "/checkpoints/"
                + CheckpointStore.folder(step)
                + ": its parameters have CRC32C "
                + checkpoint.getValue()
                + ", the ledger notes "
                + line.crc()
                + " after step "
                + (step - 1));
      }
    }
    facts.add("parameters of " + counted(agree, "checkpoint") + " as the ledger notes them");
  }

  private static String counted(int n, String what) {
    return n + " " + what + (n == 1 ? "" : "s");
  }
}
