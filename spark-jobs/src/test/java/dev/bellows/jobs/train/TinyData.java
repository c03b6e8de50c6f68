package dev.bellows.jobs.train;

import dev.bellows.engine.sample.Mix64;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A small table of three noisy classes and the configuration of a small network with everything in
 * it.
 */
public final class TinyData {
  /** Not a multiple of the batch: the last step of an epoch is a partial one. */
  public static final int ROWS = 333;

  private static final int NUMBERS = 7;

  private TinyData() {}

  /** Writes the table as CSV with a header: id, x0..x6, colour, y. */
  public static Path write(Path folder) throws IOException {
    StringBuilder csv = new StringBuilder("id");
    for (int i = 0; i < NUMBERS; i++) {
      csv.append(",x").append(i);
    }
    csv.append(",colour,y\n");
    for (int row = 0; row < ROWS; row++) {
      int label = Math.floorMod(Mix64.mix(row + 1_000_003L), 3);
      csv.append("r").append(row);
      for (int i = 0; i < NUMBERS; i++) {
        double noise = Mix64.unit(Mix64.mix(row * 31L + i)) * 2 - 1;
        csv.append(String.format(Locale.ROOT, ",%.4f", noise + Math.sin(label * 2.0 + i)));
      }
      String colour = new String[] {"red", "green", "blue"}[(label + (row % 5 == 0 ? 1 : 0)) % 3];
      csv.append(',').append(colour).append(",class").append(label).append('\n');
    }
    Files.createDirectories(folder);
    return Files.writeString(folder.resolve("tiny.csv"), csv);
  }

  /** The configuration over that table; optimiser and clipping in YAML. */
  public static String yaml(Path csv, String optimizer, String clip) {
    return """
        version: 1
        task: classification
        seed: 11
        data:
          train: {format: csv, path: "%s", header: true}
          validation: {fraction: 0.2}
          id: id
        target: {name: y}
        model:
          type: network
          layers:
            - {dense: {units: 64, activation: relu}}
            - {batch_norm: {}}
            - {dropout: {rate: 0.25}}
            - {dense: {units: 48, activation: tanh}}
            - {dense: {units: 3}}
          loss: softmax_cross_entropy
        trainer:
          epochs: 3
          batch_size: 32
          optimizer: {%s}
          %s
          checkpoint: {every: 5 steps, keep: 2}
        distributed: {deadline: 20s, max_failures: 2}
        output: {dir: unused}
        """
        .formatted(csv, optimizer, clip);
  }

  /** One segment of 34 small steps, so that things can happen in its middle. */
  static String oneEpoch(Path csv) {
    return adam(csv)
        .replace("epochs: 3", "epochs: 1")
        .replace("batch_size: 32", "batch_size: 8")
        .replace("every: 5 steps", "every: 1 epochs");
  }

  /** Adam with global-norm clipping. */
  public static String adam(Path csv) {
    return yaml(csv, "adam: {learning_rate: 0.01}", "gradient_clip: {norm: 1.0}");
  }

  /** Wide layers, Nesterov momentum without clipping. */
  public static String momentum(Path csv) {
    return wide(csv, "sgd: {learning_rate: 0.05, momentum: 0.9, nesterov: true}", "l2: 0.0001");
  }

  /** With layers so wide that a task computes several slices at once. */
  public static String wide(Path csv, String optimizer, String clip) {
    return yaml(csv, optimizer, clip)
        .replace("units: 64", "units: 320")
        .replace("units: 48", "units: 256");
  }
}
