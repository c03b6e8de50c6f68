package dev.bellows.engine.nn.loss;

import dev.bellows.engine.graph.Graph;
import dev.bellows.engine.graph.StructuredLosses;
import dev.bellows.engine.nn.layer.Option;
import dev.bellows.engine.tensor.Shape;

/** Losses on numbers beyond those of {@link CoreLosses}. */
public final class NumberLosses {
  /** Quantile regression. */
  public static final LossType PINBALL =
      LossType.named("Quantile loss (Koenker and Bassett, 1978).", LossType.Truth.TARGET)
          .option(Option.share("quantile", "Share of targets below the output.").or(0.5))
          .check(
              (outputs, options) ->
                  options.get("quantile") instanceof Number q && q.doubleValue() == 0
                      ? "loss.quantile must be above 0 and below 1, got 0"
                      : null)
          .body(
              c ->
                  c.weighted(
                      StructuredLosses.pinball(
                          c.graph(), c.output(), c.truth(), c.number("quantile"))));

  /** Counts; outputs are logarithms of rates. */
  public static final LossType POISSON =
      LossType.named("e^o - t o: counts t of rate e^o, o the output.", LossType.Truth.TARGET)
          .predicts(LossType.Prediction.EXPONENTIAL)
          .body(c -> c.weighted(StructuredLosses.poisson(c.graph(), c.output(), c.truth())));

  /** Square near 0, line far away, smooth between. */
  public static final LossType LOG_COSH =
      LossType.named("ln cosh of the error.", LossType.Truth.TARGET)
          .body(c -> c.weighted(StructuredLosses.logCosh(c.graph(), c.output(), c.truth())));

  /** Direction of a row of outputs, not its length. */
  public static final LossType COSINE =
      LossType.named("1 - the cosine of outputs and target.", LossType.Truth.TARGET)
          .check(
              (outputs, options) ->
                  outputs < 2
                      ? "loss cosine compares directions of 2 or more outputs, the network has "
                          + outputs
                          + ": for one number use mse"
                      : null)
          .body(
              c -> {
                Graph g = c.graph();
                return c.weighted(
                    StructuredLosses.cosineEmbedding(
                        g, c.output(), c.truth(), g.constant(1, Shape.of(c.rows())), 0));
              });

  private NumberLosses() {}
}
