package dev.bellows.engine.zoo;

import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.LossSpec;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.List;

/**
 * Networks that learn to make rows like the real ones from a judge that learns to tell them apart
 * (I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014). Maker and judge are parts of
 * one network and take their steps at once, each by its own loss: the judge reads what was made
 * without a gradient to the maker, the maker's score goes through a judge whose weights are held.
 * Differs from the paper, whose judge takes k steps first: give its layers a {@code
 * learning_rate_factor} instead (M. Heusel et al., NeurIPS 2017).
 */
public final class AdversarialNets {
  /**
   * Noise on what the judge reads, so that real and made rows overlap (C. Sonderby et al., ICLR
   * 2017).
   *
   * @param sigma deviation at the first step; 0 for none
   * @param steps training steps until it has fallen to 0
   */
  public record Blur(double sigma, int steps) {
    /** Rows as they are. */
    public static final Blur NONE = new Blur(0, 1);
  }

  private AdversarialNets() {}

  /**
   * A generative adversarial network. A row's numbers are the parts {@code real}, and {@code
   * noise}, which is 0 in training, where standard normal numbers are added to it; evaluated, layer
   * {@code made} is what the noise given becomes. The main loss is the maker's, head {@code judge}
   * has the judge's.
   *
   * @param shape of a row without N
   * @param noise numbers that a row is made from
   * @param generator from [noise] to {@code shape}
   * @param judge from {@code shape} to one score, or several for places of an image
   * @param form of both losses: logistic, hinge or least_squares
   */
  public static NetworkSpec gan(
      int[] shape,
      int noise,
      List<LayerSpec> generator,
      List<LayerSpec> judge,
      String form,
      Blur blur) {
    Model.Builder b = Model.builder().part("real", shape).part("noise", noise);
    b.layer("gaussian_noise", "sigma", 1).as("latent").from("noise");
    new SharedLayers("generator", generator).place(b, "made", "latent", false);
    SharedLayers judging = new SharedLayers("judge", judge);
    judge(b, judging, "", "real", "made", form, blur);
    fool(b, judging, "score", "made", blur);
    return b.loss(LossSpec.of(LossKind.GENERATOR, "form", form)).build();
  }

  /**
   * CycleGAN (J.-Y. Zhu et al., "Unpaired image-to-image translation using cycle-consistent
   * adversarial networks", ICCV 2017): two makers between the rows {@code x} and {@code y}, which
   * need not belong together, and a judge for each kind. Layers {@code made_y} and {@code made_x}
   * are the translations. Differs: least-squares losses as in the paper, but no pool of past
   * images.
   *
   * @param shape of a row of either kind without N
   * @param toY from {@code shape} to {@code shape}
   * @param toX as {@code toY}
   * @param judge of x, and with weights of its own of y
   * @param consistency factor of the mean |x - F(G(x))| and |y - G(F(y))|; 10 in the paper
   */
  public static NetworkSpec cycle(
      int[] shape,
      List<LayerSpec> toY,
      List<LayerSpec> toX,
      List<LayerSpec> judge,
      double consistency) {
    Model.Builder b = Model.builder().part("x", shape).part("y", shape);
    SharedLayers makesY = new SharedLayers("toY", toY);
    SharedLayers makesX = new SharedLayers("toX", toX);
    makesY.place(b, "made_y", "x", false);
    makesX.place(b, "made_x", "y", false);
    makesX.place(b, "back_x", "made_y", false);
    makesY.place(b, "back_y", "made_x", false);
    for (String kind : List.of("x", "y")) {
      LossSpec back = LossSpec.of(LossKind.MAE, "target", kind, "weight", consistency);
      b.head("cycle_" + kind, "back_" + kind, back);
      SharedLayers judging = new SharedLayers("judge", judge);
      judge(b, judging, "_" + kind, kind, "made_" + kind, "least_squares", Blur.NONE);
      fool(b, judging, "score_" + kind, "made_" + kind, Blur.NONE);
    }
    LossSpec fooled = LossSpec.of(LossKind.GENERATOR, "form", "least_squares");
    return b.head("fool_x", "score_x", fooled).loss(fooled).build();
  }

  private static void judge(
      Model.Builder b,
      SharedLayers judge,
      String kind,
      String real,
      String made,
      String form,
      Blur blur) {
    judge.place(b, "judged_" + real, blurred(b, real, real + "_seen", blur), false);
    b.layer("flatten").as("scores_" + real);
    String fixed = made + "_fixed";
    b.layer("stop_gradient").as(fixed).from(made);
    judge.place(b, "judged_" + made, blurred(b, fixed, fixed + "_seen", blur), false);
    b.layer("flatten").as("scores_" + made);
    b.layer("concat").as("both" + kind).from("scores_" + real, "scores_" + made);
    b.head("judge" + kind, "both" + kind, LossSpec.of(LossKind.DISCRIMINATOR, "form", form));
  }

  private static void fool(
      Model.Builder b, SharedLayers judge, String name, String made, Blur blur) {
    judge.place(b, name, blurred(b, made, made + "_seen", blur), true);
  }

  private static String blurred(Model.Builder b, String from, String name, Blur blur) {
    if (blur.sigma() == 0) {
      return from;
    }
    b.layer("gaussian_noise", "sigma", blur.sigma(), "sigma_end", 0, "steps", blur.steps());
    b.as(name).from(from);
    return name;
  }
}
