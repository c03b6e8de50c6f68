package dev.bellows.jobs.train;

import dev.bellows.jobs.synth.SynthTables;
import java.io.IOException;
import java.nio.file.Path;

/** The visits of {@link SynthTables#visits} and a small wide and deep network for them. */
final class SparseData {
  /** Not a multiple of the batch: the last step of an epoch is a partial one. */
  static final int ROWS = 1200;

  private SparseData() {}

  static Path write(Path folder) throws IOException {
    Path csv = folder.resolve("visits.csv");
    SynthTables.visits(csv, ROWS, 7);
    return csv;
  }

  /** Two sparse tables beside a dense embedding and a dense network. */
  static String yaml(Path csv, String optimizer) {
    return """
        version: 1
        task: classification
        seed: 11
        data:
          train: {format: csv, path: "%s", header: true}
          validation: {fraction: 0.1}
          id: id
        features:
          person: {type: category, embedding: 4, sparse: true}
          place: {type: category, embedding: 3}
          both: {cross: [person, place], buckets: 5000, embedding: 1, sparse: true}
        target: {name: likes, positive: "yes"}
        model:
          type: network
          layers:
            - {dense: {units: 16, activation: relu, inputs: [features], name: deep}}
            - {concat: {inputs: [deep, both]}}
            - {dense: {units: 1}}
          loss: sigmoid_cross_entropy
        trainer:
          epochs: 3
          batch_size: 64
          optimizer: {%s}
          checkpoint: {every: 20 steps, keep: 2}
        distributed: {deadline: 20s, max_failures: 2, slices: 8}
        output: {dir: unused}
        """
        .formatted(csv, optimizer);
  }
}
