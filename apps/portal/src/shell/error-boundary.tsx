/** Catches what a page throws while it is drawn, so that the rest of the portal stays. */
import { Component, type ReactNode } from 'react'
import { ErrorNotice } from '../ui/feedback.tsx'

export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state: { readonly error: unknown } = { error: undefined }

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return <ErrorNotice error={error} retry={() => this.setState({ error: undefined })} />
  }
}
