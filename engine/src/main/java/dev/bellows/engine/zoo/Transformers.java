package dev.bellows.engine.zoo;

import static dev.bellows.engine.nn.Activation.LINEAR;

import dev.bellows.engine.nn.LossKind;
import dev.bellows.engine.nn.Model;
import dev.bellows.engine.nn.NetworkException;
import dev.bellows.engine.nn.NetworkSpec;

/**
 * Networks of transformer blocks (A. Vaswani et al., "Attention is all you need", NeurIPS 2017)
 * with layer norm before each part (R. Xiong et al., ICML 2020), GELU, trained positions and one
 * more layer norm behind the last block.
 */
public final class Transformers {
  /**
   * Sizes of the blocks.
   *
   * @param blocks on each other
   * @param features of each position
   * @param heads sharing the features
   * @param hidden width of the dense net of each block; 4 times the features in the paper
   * @param dropout share, in training
   */
  public record Size(int blocks, int features, int heads, int hidden, double dropout) {}

  private Transformers() {}

  /** Classifies rows of {@code steps} tokens by the mean over the positions. */
  public static NetworkSpec classifier(int steps, int vocabulary, Size size, int classes) {
    Model.Builder b = Model.builder().tokens(steps, vocabulary);
    b.embedding(size.features()).as("embedding");
    blocks(b, size, false).layer("time_pool");
    Blocks.dense(b, "scores", classes, LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  /**
   * Gives each position's scores for the next character; a position sees none behind it (the form
   * of A. Radford et al., "Improving language understanding by generative pre-training", 2018).
   */
  public static NetworkSpec characterModel(int steps, int vocabulary, Size size) {
    Model.Builder b = Model.builder().tokens(steps, vocabulary);
    b.embedding(size.features()).as("embedding");
    blocks(b, size, true);
    Blocks.dense(b, "scores", vocabulary, LINEAR);
    return b.loss(LossKind.SOFTMAX_CROSS_ENTROPY).build();
  }

  /**
   * Vision Transformer (A. Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021): patches
   * are tokens. Differs: the mean over the patches is classified, not a token of its own.
   *
   * @param patch pixels of a patch's side; must divide height and width
   */
  public static NetworkSpec vision(ImageTask task, int patch, Size size) {
    if (patch < 1 || task.height() % patch != 0 || task.width() % patch != 0) {
      throw new NetworkException(
          "patches of "
              + patch
              + " pixels must divide the image, "
              + task.height()
              + " x "
              + task.width());
    }
    Model.Builder b = task.begin();
    b.conv2d(size.features(), patch).as("patches").with("stride", patch).with("padding", "valid");
    int patches = task.height() / patch * (task.width() / patch);
    b.reshape(patches, size.features());
    blocks(b, size, false).layer("time_pool");
    return task.end(Blocks.dense(b, "scores", task.classes(), LINEAR));
  }

  /** ViT-Tiny: 12 blocks of 192 features and 3 heads (H. Touvron et al., ICML 2021). */
  public static NetworkSpec visionTiny(ImageTask task, int patch) {
    return vision(task, patch, new Size(12, 192, 3, 768, 0));
  }

  private static Model.Builder blocks(Model.Builder b, Size size, boolean causal) {
    b.layer("positional_encoding", "kind", "learned").as("positions");
    for (int i = 1; i <= size.blocks(); i++) {
      b.layer("transformer_encoder", "heads", size.heads(), "hidden", size.hidden());
      b.with("causal", causal).with("dropout", size.dropout()).as("block" + i);
    }
    return b.layer("layer_norm").as("norm");
  }
}
