package dev.bellows.jobs.train;

import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.nn.SparseTable;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.sample.Mix64;
import dev.bellows.engine.sample.Purpose;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.RunConfig;
import dev.bellows.jobs.config.TrainerConfig;
import dev.bellows.ps.checkpoint.RowPart;
import dev.bellows.ps.protocol.RowMessage;
import dev.bellows.ps.protocol.TableSpec;
import dev.bellows.ps.shard.RowStart;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;

/**
 * A sparse table of a run: a segment behind the dense ones whose rows the shards hold by key, where
 * the key of a row is its number, that is the code of a category or token.
 *
 * @param table the table in the network
 * @param offset first element in the flat vector of the whole network
 * @param spec the table on the shards
 */
record RowTable(SparseTable table, int offset, TableSpec spec) implements Serializable {
  /** Parts that keys are hashed to, so most shards that can hold some of them. */
  private static final int BUCKETS = 64;

  /** Bytes of a row on a shard beside its elements: key, number of updates, two places. */
  private static final int ROW_BYTES = 36;

  /**
   * The tables of a network.
   *
   * @param update the training's rule
   * @throws BellowsException exit 3 when the training asks for what rows can't do
   */
  static List<RowTable> of(
      RunConfig config,
      NetworkSpec network,
      ParameterLayout layout,
      UpdateSpec update,
      int slices,
      long stepsPerEpoch,
      long totalSteps) {
    List<RowTable> tables = new ArrayList<>();
    for (SparseTable table : SparseTable.of(network)) {
      Segment segment = layout.segment(table.segment());
      RowStart start = start(segment, config.seed());
      tables.add(
          new RowTable(
              table,
              segment.offset(),
              new TableSpec(
                  table.width(),
                  BUCKETS,
                  slices,
                  stepsPerEpoch,
                  totalSteps,
                  table.maxRows(),
                  start.kind().wire(),
                  start.scale(),
                  start.seed(),
                  ofRow(update, segment).encode())));
    }
    if (!tables.isEmpty()) {
      requirePossible(config, layout);
    }
    return List.copyOf(tables);
  }

  /** The rule of the training for a row. */
  private static UpdateSpec ofRow(UpdateSpec update, Segment segment) {
    int width = segment.shape().dim(1);
    return new UpdateSpec(
        update.optimizer(),
        update.schedule(),
        update.l1(),
        update.l2(),
        update.clipValue(),
        0,
        update.nanPolicy(),
        List.of(UpdateSpec.Range.trainable(0, width, segment.decay(), segment.rateScale())),
        0);
  }

  /** The initialiser of the segment as a function of the row's key. */
  private static RowStart start(Segment segment, long seed) {
    RowStart.Kind kind =
        switch (segment.init()) {
          case ZERO -> RowStart.Kind.ZERO;
          case GLOROT -> RowStart.Kind.UNIFORM;
          case SMALL_RANDOM, XAVIER, HE -> RowStart.Kind.NORMAL;
          default ->
              throw new BellowsException(
                  ExitCode.CONFIG,
                  "table "
                      + segment.name()
                      + " is sparse: its rows start by zero, glorot, small_random, xavier or he, not "
                      + segment.init());
        };
    double scale =
        switch (segment.init()) {
          case GLOROT -> Math.sqrt(6.0 / ((double) segment.fanIn() + segment.fanOut()));
          case SMALL_RANDOM -> 0.01;
          case XAVIER -> Math.sqrt(1.0 / segment.fanIn());
          case HE -> Math.sqrt(2.0 / segment.fanIn());
          default -> 0;
        };
    return new RowStart(
        kind, (float) scale, Mix64.mix(seed, Purpose.INIT, Mix64.ofText(segment.name())));
  }

  private static void requirePossible(RunConfig config, ParameterLayout layout) {
    TrainerConfig trainer = config.trainer();
    if (layout.dense().length() == 0) {
      throw refused("the network has no other parameters; end it with a dense layer");
    }
    if (!config.distributed().consistency().isBsp() || config.distributed().localSteps() > 0) {
      throw refused("distributed.consistency must be bsp");
    }
    if (config.distributed().compressed()) {
      throw refused("distributed.compression codes whole vectors; set it to none");
    }
    if (config.distributed().replicas() > 0) {
      throw refused(
          "rows have no replicas, a lost shard costs the steps since the last pause; remove"
              + " distributed.replicas");
    }
    if (trainer.clipNorm() > 0) {
      throw refused("there is no norm of the whole gradient; use gradient_clip: {value: 1.0}");
    }
    if (trainer.ema() > 0) {
      throw refused("rows have no moving average; remove trainer.ema");
    }
    if (trainer.onNan() == TrainerConfig.OnNan.SKIP) {
      throw refused("a step can't be left out; use trainer.on_nan: stop");
    }
  }

  private static BellowsException refused(String why) {
    return new BellowsException(ExitCode.CONFIG, "sparse tables: " + why);
  }

  /** Vectors of a row: its values and optimiser slots. */
  private int vectors() {
    return 1 + UpdateSpec.decode(spec.updateSpec()).slots();
  }

  /** Bytes on the shards when all rows that may be trained are. */
  long shardBytes() {
    return table.maxRows() * ((long) Float.BYTES * table.width() * vectors() + ROW_BYTES);
  }

  /** Bytes of the whole table as the model holds it. */
  long modelBytes() {
    return (long) Float.BYTES * table.width() * table.rows();
  }

  /** Most rows that some rows of data name. */
  int named(long dataRows) {
    return (int) Math.min(table.rows(), dataRows * (table.codeTo() - table.codeFrom()));
  }

  /** Most bytes that a task with so many rows of data sends, or gets, in a step. */
  long stepBytes(long dataRows) {
    int key = RowMessage.keyBytes(new long[] {table.rows()});
    return (long) named(dataRows) * (key + Float.BYTES * table.width());
  }

  /**
   * Writes the whole table into a flat vector: rows that were never updated as they start.
   *
   * @param number of the table
   * @param parts rows of all tables
   */
  void write(int number, List<RowPart> parts, float[] flat) {
    RowStart start = new RowStart(RowStart.Kind.ofWire(spec.start()), spec.scale(), spec.seed());
    int width = table.width();
    for (int row = 0; row < table.rows(); row++) {
      start.fill(row, flat, offset + row * width, width);
    }
    for (RowPart part : parts) {
      if (part.table() == number) {
        for (int i = 0; i < part.keys().length; i++) {
          int at = offset + (int) part.keys()[i] * width;
          System.arraycopy(part.rows(), i * part.stride(), flat, at, width);
        }
      }
    }
  }
}
