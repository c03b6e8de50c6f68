package dev.bellows.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.CatalogueData.Split;
import dev.bellows.engine.LocalTrainer.Samples;
import dev.bellows.engine.kernel.KernelProvider;
import dev.bellows.engine.nn.Activation;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import dev.bellows.engine.nn.Segment;
import dev.bellows.engine.optim.OptimizerSpec;
import dev.bellows.engine.optim.OptimizerSpec.Kind;
import dev.bellows.engine.plan.PlanOptions;
import dev.bellows.engine.plan.Predictor;
import dev.bellows.engine.sample.Philox;
import dev.bellows.engine.tensor.Memory;
import dev.bellows.engine.zoo.Autoencoders;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** The variational autoencoder on the binarised 8 x 8 digits (pixel above 8 of 16). */
final class VariationalCatalogueTest {
  private static final int CODE = 8;
  private static final int HIDDEN = 64;
  private static final int DRAWS = 100;

  private static Samples binary(Samples rows) {
    float[] x = rows.x().clone();
    for (int i = 0; i < x.length; i++) {
      x[i] = x[i] > 0.5f ? 1 : 0;
    }
    return new Samples(64, x, new int[0], 0, new float[0]);
  }

  @Test
  @DisplayName(
      "GEN-03 LOS-16 LOS-17 VAE on binarised DG: -ELBO at most 19 nats per image, at most the importance-weighted bound with k = 100")
  void gen03Los17Elbo() {
    Split digits = Digits.judging();
    Samples test = binary(digits.test());
    NetworkSpec spec = Autoencoders.variational(64, List.of(HIDDEN), CODE, Activation.RELU, 1);
    try (LocalTrainer trainer = new LocalTrainer(spec, OptimizerSpec.of(Kind.ADAM, 0.001), 32, 1)) {
      double first = trainer.epoch(binary(digits.train()));
      trainer.epochs(binary(digits.train()), 199);
      assertThat(first).as("an untrained network, nats").isGreaterThan(25);
      double[] bounds = bounds(spec, trainer, test);
      String found = "ELBO " + bounds[0] + ", importance-weighted " + bounds[1];
      assertThat(-bounds[0]).as(found).isLessThanOrEqualTo(19);
      assertThat(bounds[0]).as(found).isLessThan(bounds[1]);
    }
  }

  /** Means over rows of the evidence lower bound and of the bound of 100 draws, in nats. */
  private static double[] bounds(NetworkSpec spec, LocalTrainer trained, Samples rows) {
    KernelProvider kernels = KernelProvider.choose(KernelProvider.Preference.AUTO);
    NetworkSpec decoderSpec =
        Model.builder()
            .input(CODE)
            .dense(HIDDEN)
            .as("decode0")
            .relu()
            .dense(64)
            .as("output")
            .loss(LossKind.SIGMOID_CROSS_ENTROPY)
            .build();
    try (Predictor encoder =
            new Predictor(spec, rows.rows(), kernels, PlanOptions.DEFAULT, List.of("posterior"));
        Predictor decoder = new Predictor(decoderSpec, DRAWS, kernels)) {
      encoder.setParameters(trained.weights);
      rows.fill(encoder.batch(), Samples.identity(rows.rows()), 0, rows.rows());
      encoder.run();
      float[] posterior = encoder.activation("posterior");
      decoder.setParameters(part(trained, decoder));
      double[] sums = new double[2];
      for (int row = 0; row < rows.rows(); row++) {
        double[] logs = logWeights(rows, row, posterior, decoder);
        double most = Double.NEGATIVE_INFINITY;
        double mean = 0;
        for (double log : logs) {
          mean += log / DRAWS;
          most = Math.max(most, log);
        }
        double sum = 0;
        for (double log : logs) {
          sum += Math.exp(log - most);
        }
        sums[0] += mean / rows.rows();
        sums[1] += (most + Math.log(sum / DRAWS)) / rows.rows();
      }
      return sums;
    }
  }

  /** The parameters of the trained network that have names of the decoder's. */
  private static float[] part(LocalTrainer trained, Predictor decoder) {
    float[] flat = new float[decoder.layout().length()];
    for (Segment to : decoder.layout().segments()) {
      Segment from = trained.layout.segment(to.name());
      System.arraycopy(trained.weights, from.offset(), flat, to.offset(), to.length());
    }
    return flat;
  }

  /** ln p(x | z) + ln p(z) - ln q(z | x) of draws z from q. */
  private static double[] logWeights(Samples rows, int row, float[] posterior, Predictor decoder) {
    double[] logs = new double[DRAWS];
    float[] codes = new float[DRAWS * CODE];
    for (int k = 0; k < DRAWS; k++) {
      for (int d = 0; d < CODE; d++) {
        float mean = posterior[row * 2 * CODE + d];
        float logVariance = posterior[row * 2 * CODE + CODE + d];
        float e = Philox.normal(77, ((long) row * DRAWS + k) * CODE + d);
        double z = mean + Math.exp(logVariance / 2) * e;
        codes[k * CODE + d] = (float) z;
        logs[k] += -z * z / 2 + e * e / 2 + logVariance / 2; // ln sqrt(2 pi) cancels
      }
    }
    Memory.copyIn(codes, 0, decoder.batch().numeric(), codes.length);
    decoder.batch().setRows(DRAWS);
    decoder.run();
    float[] scores = new float[DRAWS * 64];
    decoder.outputs(scores);
    for (int i = 0; i < scores.length; i++) {
      double s = scores[i];
      double softplus = Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)));
      logs[i / 64] += rows.x()[row * 64 + i % 64] * s - softplus;
    }
    return logs;
  }
}
