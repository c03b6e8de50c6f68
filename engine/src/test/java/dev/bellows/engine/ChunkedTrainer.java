package dev.bellows.engine;

import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Initializers;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.UpdateRule;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.engine.plan.CarriedState;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.plan.SliceTrainer;
import dev.bellows.engine.zoo.SequenceNets;
import dev.bellows.engine.zoo.SequenceNets.Cell;
import java.util.List;

/** Trains a character model on streams of a text in chunks, updating after each of them. */
final class ChunkedTrainer implements AutoCloseable {
  private static final KernelProvider KERNELS =
      KernelProvider.choose(KernelProvider.Preference.AUTO);
  private static final List<String> LAST = List.of("last");

  private final NetworkSpec spec;
  private final int rows;
  private final int steps;
  private final CarriedState carried;
  private final SliceTrainer trainer;
  private final UpdateRule rule;
  private final double rate;
  private final float[] gradient;
  private final float[][] slots;
  private long updates;

  final float[] weights;

  /**
   * A trainer with Adam.
   *
   * @param rows streams
   * @param steps characters of a chunk
   */
  ChunkedTrainer(int vocabulary, int units, int rows, int steps, double rate) {
    this.spec = SequenceNets.chunkedCharacterModel(Cell.LSTM, steps, vocabulary, 32, units);
    this.rows = rows;
    this.steps = steps;
    this.carried = CarriedState.of(spec, "state", "last");
    this.trainer = new SliceTrainer(spec, rows, KERNELS, 1, PlanOptions.DEFAULT, LAST);
    this.weights = Initializers.init(trainer.layout(), 1);
    this.rule =
        new UpdateRule(
            UpdateSpec.plain(OptimizerSpec.of(OptimizerSpec.Kind.ADAM, rate), weights.length));
    this.rate = rate;
    this.gradient = new float[weights.length];
    this.slots = new float[rule.slots()][weights.length];
  }

  /**
   * One pass over the text.
   *
   * @param carry whether a chunk begins where the one before ended; else from zero
   * @param rate factor of the learning rate
   */
  void epoch(CharacterText text, boolean carry, double rate) {
    carried.clear(trainer.batch());
    for (int chunk = 0; chunk < text.chunks(rows, steps); chunk++) {
      text.fill(trainer.batch(), rows, steps, chunk);
      trainer.setParameters(weights);
      trainer.run(updates, 0);
      trainer.gradient(gradient);
      double weight = trainer.scalars()[0];
      rule.apply(
          ++updates, this.rate * rate, weight, 1, weights, gradient, slots, 0, weights.length, 0);
      if (carry) {
        carried.carry(trainer.activationAddress("last"), trainer.batch());
      }
    }
  }

  /** Bits per character of a text that is read as one sequence. */
  double bits(CharacterText text) {
    int steps = 64;
    NetworkSpec reading =
        SequenceNets.chunkedCharacterModel(
            Cell.LSTM, steps, text.vocabulary(), 32, carried.width() / 2);
    try (Predictor predictor = new Predictor(reading, 1, KERNELS, PlanOptions.DEFAULT, LAST)) {
      predictor.setParameters(weights);
      carried.clear(predictor.batch());
      double nats = 0;
      int chunks = text.chunks(1, steps);
      for (int chunk = 0; chunk < chunks; chunk++) {
        text.fill(predictor.batch(), 1, steps, chunk);
        predictor.run();
        nats += predictor.scalars()[1] / predictor.scalars()[0];
        carried.carry(predictor.activationAddress("last"), predictor.batch());
      }
      return nats / chunks / Math.log(2);
    }
  }

  @Override
  public void close() {
    trainer.close();
  }
}
