package dev.bellows.jobs.study;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.Safetensors;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.run.RunFolder;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Finished units in the run folder: one line each in {@code cv/units.jsonl}, and what they
 * predicted in {@code cv/predictions/unit-N.safetensors}, which is written first. A line that is
 * cut off does not count.
 */
final class UnitLog {
  private static final String LINES = "cv/units.jsonl";

  private final RunFolder folder;

  UnitLog(RunFolder folder) {
    this.folder = folder;
  }

  private static String predictions(int unit) {
    return "cv/predictions/unit-" + unit + ".safetensors";
  }

  /** Adds a finished unit. */
  void add(UnitResult result) {
    try {
      folder.files().createFolders("cv/predictions");
      if (result.width() > 0) {
        int[] shape = {result.predictions().length / result.width(), result.width()};
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        Safetensors.write(
            bytes,
            List.of(new Safetensors.Tensor("predictions", shape, result.predictions(), 0)),
            Map.of());
        folder.files().replace(predictions(result.id()), bytes.toByteArray());
      }
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot write " + predictions(result.id()) + ": " + e, e);
    }
    folder.append(LINES, Json.compact(tree(result)) + "\n");
    folder.publish();
  }

  private static Map<String, @Nullable Object> tree(UnitResult result) {
    Map<String, @Nullable Object> tree = new LinkedHashMap<>();
    tree.put("unit", (long) result.id());
    tree.put("state", result.state().name().toLowerCase(Locale.ROOT));
    tree.put("error", result.error());
    Map<String, @Nullable Object> figures = new LinkedHashMap<>();
    result.figures().forEach((k, v) -> figures.put(k, Double.isFinite(v) ? v : null));
    tree.put("figures", figures);
    tree.put("width", (long) result.width());
    tree.put("train_rows", (long) result.trainRows());
    tree.put("validation_rows", (long) result.validationRows());
    tree.put("epochs", (long) result.epochs());
    tree.put("best_epoch", (long) result.bestEpoch());
    tree.put("train_loss", Double.isFinite(result.trainLoss()) ? result.trainLoss() : null);
    tree.put("fit_ms", result.fitMillis());
    tree.put("score_ms", result.scoreMillis());
    return tree;
  }

  /** The finished units of an earlier process, by number. */
  Map<Integer, UnitResult> read() {
    Map<Integer, UnitResult> units = new TreeMap<>();
    try {
      for (String line : folder.readText(LINES).split("\n", -1)) {
        UnitResult unit = line.isEmpty() ? null : unit(line);
        if (unit != null) {
          units.put(unit.id(), unit);
        }
      }
    } catch (IOException e) {
      throw new BellowsException(ExitCode.MEMORY_OR_DISK, "cannot read " + LINES + ": " + e, e);
    }
    return units;
  }

  private @Nullable UnitResult unit(String line) {
    try {
      Map<String, @Nullable Object> tree = Json.parseObject(line, LINES);
      int id = (int) Json.integer(tree.get("unit"), "unit");
      int width = (int) Json.integer(tree.get("width"), "width");
      int rows = (int) Json.integer(tree.get("validation_rows"), "validation_rows");
      Map<String, Double> figures = new LinkedHashMap<>();
      for (Map.Entry<String, @Nullable Object> f :
          Json.object(tree.get("figures"), "figures").entrySet()) {
        figures.put(
            f.getKey(), f.getValue() == null ? Double.NaN : Json.number(f.getValue(), f.getKey()));
      }
      float[] predictions = new float[0];
      if (width > 0) {
        byte[] file = folder.files().read(predictions(id));
        predictions =
            Safetensors.read(new ByteArrayInputStream(file), file.length, predictions(id))
                .get("predictions");
        if (predictions.length != width * rows) {
          return null;
        }
      }
      Object loss = tree.get("train_loss");
      return new UnitResult(
          id,
          UnitResult.State.valueOf(
              Json.string(tree.get("state"), "state").toUpperCase(Locale.ROOT)),
          Json.string(tree.get("error"), "error"),
          figures,
          predictions,
          width,
          (int) Json.integer(tree.get("train_rows"), "train_rows"),
          rows,
          (int) Json.integer(tree.get("epochs"), "epochs"),
          (int) Json.integer(tree.get("best_epoch"), "best_epoch"),
          loss == null ? Double.NaN : Json.number(loss, "train_loss"),
          Json.integer(tree.get("fit_ms"), "fit_ms"),
          Json.integer(tree.get("score_ms"), "score_ms"));
    } catch (IOException | IllegalArgumentException damaged) {
      return null; // the unit is run again
    }
  }
}
