"""Which operators a program may use: public ones of torch that compute, check their arguments and need no chance.

Left out on purpose: what reads files (`from_file`), draws random numbers, returns memory as it is found (`empty`),
prints, or is an inner half of a public operator and trusts its caller (`native_*`, most names that begin with `_`).
"""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMPUTE = _names(
    """
    linear conv1d conv2d conv3d conv_transpose1d conv_transpose2d batch_norm layer_norm group_norm instance_norm
    rms_norm matmul mm bmm mv dot outer addmm baddbmm einsum scaled_dot_product_attention embedding cosine_similarity
    relu relu6 leaky_relu elu selu celu gelu silu mish hardtanh hardswish hardsigmoid hardshrink softshrink sigmoid
    log_sigmoid tanh softplus prelu glu threshold softmax log_softmax
    dropout feature_dropout alpha_dropout feature_alpha_dropout
    avg_pool1d avg_pool2d max_pool1d max_pool2d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d
    adaptive_max_pool2d
    mean sum prod amax amin max min var std var_mean std_mean norm linalg_norm linalg_vector_norm logsumexp cumsum
    median argmax argmin topk sort any all
    add sub rsub mul div true_divide floor_divide neg abs sign pow square sqrt rsqrt reciprocal exp exp2 expm1 log log2
    log10 log1p sin cos tan asin acos atan atan2 sinh cosh erf floor ceil round trunc frac fmod remainder
    clamp clamp_min clamp_max clip maximum minimum where lerp addcmul addcdiv nan_to_num
    eq ne lt le gt ge logical_and logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_xor bitwise_not
    isnan isinf isfinite
    view reshape view_as reshape_as expand expand_as permute transpose t numpy_T swapaxes movedim flatten unflatten
    squeeze unsqueeze cat concat stack hstack split split_with_sizes chunk unbind slice select narrow index_select index
    gather take_along_dim repeat repeat_interleave tile flip roll pad constant_pad_nd reflection_pad1d reflection_pad2d
    replication_pad1d replication_pad2d pixel_shuffle pixel_unshuffle unfold im2col diagonal tril triu masked_fill
    meshgrid broadcast_to alias clone contiguous detach lift_fresh_copy to type_as
    full full_like zeros zeros_like ones ones_like new_zeros new_ones new_full arange linspace scalar_tensor eye
    upsample_bilinear2d upsample_bicubic2d upsample_nearest2d _upsample_bilinear2d_aa _upsample_bicubic2d_aa
    grid_sampler affine_grid_generator
    fft_fft fft_ifft fft_rfft fft_irfft fft_fft2 fft_ifft2 fft_rfft2 fft_irfft2 fft_fftshift fft_ifftshift real imag
    view_as_real angle
    sym_size sym_numel _assert_scalar _assert_tensor_metadata sym_constrain_range_for_size
    """
)

# They write to their first argument, as nn.ReLU(inplace=True) does; that weights stay as they are is checked later.
IN_PLACE = _names(
    """
    relu_ relu6_ leaky_relu_ elu_ selu_ celu_ silu_ mish_ hardtanh_ hardswish_ hardsigmoid_ sigmoid_ tanh_ threshold_
    dropout_ feature_dropout_ add_ sub_ mul_ div_ clamp_ clamp_min_ clamp_max_ neg_ abs_ exp_ sqrt_ pow_ square_
    detach_ masked_fill_ copy_ fill_ zero_ squeeze_ unsqueeze_ addcmul_
    """
)

# Arithmetic of sizes, on Python numbers.
SIZES = frozenset({"add", "sub", "mul", "floordiv", "truediv", "mod", "neg", "eq", "ne", "lt", "le", "gt", "ge"})

# Arguments that would make a score depend on chance or on its batch, and the only value that each may have.
FIXED_ARGUMENTS: dict[str, bool | float] = {"train": False, "training": False, "dropout_p": 0.0}


def is_allowed(name: str) -> bool:
    """Whether an operator without its namespace and overload, such as `conv2d`, may be used."""
    return name in COMPUTE or name in IN_PLACE
