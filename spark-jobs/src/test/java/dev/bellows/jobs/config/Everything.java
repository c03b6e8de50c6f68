package dev.bellows.jobs.config;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Configurations that use every section, and a coarse look at the keys of resolved YAML. */
final class Everything {
  private static final Pattern KEY = Pattern.compile("(?<![\\w\"])([a-z_][a-z0-9_]*):(?= |$)");

  private Everything() {}

  static String of(String name) {
    return switch (name) {
      case "train.yaml" ->
          """
          version: 1
          task: classification
          data:
            train: {format: csv, path: a.csv, separator: ";", na: ["?"], columns: [a, b, y]}
            validation: {format: libsvm, path: b}
            test: {format: idx, images: i, labels: l}
            bad_rows: {drop: {max_fraction: 0.01}}
          features: {a: {impute: {constant: 3}}, rest: {type: number, shape: [1]}}
          target: {name: y, classes: 2}
          model:
            type: network
            layers:
              - dense: {units: 3}
              - dropout: {rate: 0.1}
              - batch_norm: {}
              - activation: {kind: swish}
              - dense: {units: 2}
            loss: {softmax_cross_entropy: {class_weights: [1, 2]}}
          trainer:
            optimizer: {sgd: {momentum: 0.9}}
            schedule: {step: {factor: 0.5}}
            gradient_clip: {norm: 1}
            early_stopping: {metric: val_loss}
            on_nan: {skip: 3}
            max_time: 2h
          """;
      case "evaluate.yaml" ->
          """
          version: 1
          model_path: runs/a/model
          data: {test: {format: parquet, path: a}}
          evaluate: {metrics: [accuracy]}
          """;
      default ->
          """
          version: 1
          model_path: runs/a/model
          data: {input: {format: csv, path: a}}
          predict: {keep: [id]}
          """;
    };
  }

  /** Keys in a line, except free names of features. */
  static List<String> keysOf(String line) {
    List<String> keys = new ArrayList<>();
    Matcher matcher = KEY.matcher(line);
    while (matcher.find()) {
      String key = matcher.group(1);
      if (!(key.equals("a") || key.equals("rest")) && !keys.contains(key)) {
        keys.add(key);
      }
    }
    return keys;
  }

  static String rename(String line, String key, String wrong) {
    return line.replaceFirst("(?<![\\w\"])" + key + ":", wrong + ":");
  }
}
