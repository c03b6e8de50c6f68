package dev.bellows.jobs.train;

import dev.bellows.engine.nn.ParameterLayout;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.NanPolicy;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.ScheduleSpec;
import dev.bellows.engine.optim.UpdateSpec;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import dev.bellows.jobs.config.OptimizerConfig;
import dev.bellows.jobs.config.ScheduleConfig;
import dev.bellows.jobs.config.TrainerConfig;
import java.util.ArrayList;
import java.util.List;

/** The update rule that a configuration means for a parameter layout. */
final class UpdateSpecs {
  private UpdateSpecs() {}

  /**
   * Puts trainer settings and layout together.
   *
   * @throws BellowsException exit 3 when the numbers contradict each other
   */
  static UpdateSpec of(TrainerConfig trainer, ParameterLayout layout) {
    try {
      return new UpdateSpec(
          optimizer(trainer.optimizer()),
          schedule(trainer.schedule()),
          trainer.l1(),
          trainer.l2(),
          trainer.clipValue(),
          trainer.clipNorm(),
          trainer.onNan() == TrainerConfig.OnNan.SKIP ? NanPolicy.SKIP : NanPolicy.STOP,
          ranges(layout),
          trainer.ema());
    } catch (IllegalArgumentException e) {
      throw new BellowsException(ExitCode.CONFIG, "trainer: " + e.getMessage(), e);
    }
  }

  private static OptimizerSpec optimizer(OptimizerConfig c) {
    OptimizerSpec.Kind kind =
        switch (c.kind()) {
          case SGD ->
              c.momentum() == 0
                  ? OptimizerSpec.Kind.SGD
                  : c.nesterov() ? OptimizerSpec.Kind.NESTEROV : OptimizerSpec.Kind.MOMENTUM;
          case RMSPROP -> OptimizerSpec.Kind.RMSPROP;
          case ADADELTA -> OptimizerSpec.Kind.ADADELTA;
          case ADAM -> OptimizerSpec.Kind.ADAM;
          case ADAMW -> OptimizerSpec.Kind.ADAMW;
          case ADAGRAD -> OptimizerSpec.Kind.ADAGRAD;
        };
    return new OptimizerSpec(
        kind,
        c.learningRate(),
        c.momentum(),
        c.beta1(),
        c.beta2(),
        c.rho(),
        c.epsilon(),
        c.weightDecay());
  }

  private static ScheduleSpec schedule(ScheduleConfig c) {
    boolean perEpoch = c.per() == ScheduleConfig.Unit.EPOCH;
    ScheduleSpec spec =
        switch (c.kind()) {
          case CONSTANT -> ScheduleSpec.constant();
          case TIME -> ScheduleSpec.time(c.decay(), perEpoch);
          case STEP -> ScheduleSpec.step(c.factor(), c.everyEpochs(), true);
          case EXPONENTIAL -> ScheduleSpec.exponential(c.decay(), perEpoch);
          case COSINE -> ScheduleSpec.cosine(c.minRate());
          case CYCLICAL -> ScheduleSpec.cyclical(c.cycles());
        };
    return spec.withWarmup(c.warmupSteps());
  }

  private static List<UpdateSpec.Range> ranges(ParameterLayout layout) {
    List<UpdateSpec.Range> ranges = new ArrayList<>();
    for (Segment s : layout.segments()) {
      ranges.add(
          s.kind() == Segment.Kind.STATE
              ? UpdateSpec.Range.state(s.offset(), s.end(), s.stateMomentum())
              : UpdateSpec.Range.trainable(s.offset(), s.end(), s.decay(), s.rateScale()));
    }
    return ranges;
  }
}
