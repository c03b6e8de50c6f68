package dev.bellows.engine.zoo;

import dev.bellows.engine.nn.LayerSpec;
import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkSpec;
import java.util.List;

/**
 * Networks that learn without labels which two views are of one row (SimCLR: T. Chen et al., "A
 * simple framework for contrastive learning of visual representations", ICML 2020).
 */
public final class ContrastiveNets {
  private ContrastiveNets() {}

  /**
   * An encoder and a projection with the same weights for both views of a row, parts {@code a} and
   * {@code b} of its numbers. Layer {@code code} is what the encoder says of view a: what other
   * models are to read.
   *
   * @param shape of a view without N
   * @param noise deviation of normal numbers added to each view in training; 0 for none
   * @param encoder from {@code shape} to a code
   * @param projection from the code to where views are compared; thrown away afterwards
   * @param temperature of the comparison; 0.5 in the paper
   */
  public static NetworkSpec pairs(
      int[] shape,
      double noise,
      List<LayerSpec> encoder,
      List<LayerSpec> projection,
      double temperature) {
    Model.Builder b = Model.builder().part("a", shape).part("b", shape);
    SharedLayers encoding = new SharedLayers("encoder", encoder);
    SharedLayers projecting = new SharedLayers("projection", projection);
    for (String view : List.of("a", "b")) {
      b.layer("gaussian_noise", "sigma", noise).as("seen_" + view).from(view);
      String code = view.equals("a") ? "code" : "code_b";
      encoding.place(b, code, "seen_" + view, false);
      projecting.place(b, "projected_" + view, code, false);
    }
    b.layer("concat").from("projected_a", "projected_b");
    return b.loss(LossKind.INFO_NCE, "temperature", temperature).build();
  }
}
